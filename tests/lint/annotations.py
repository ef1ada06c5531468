#!/usr/bin/env python3
"""Holds spec/annotations.md, the code and the features document to each other.

usage: annotations.py [SOURCE_DIR]

An annotation that the code acts on must be in the table of the document, one that is there must be in
the code, and each must be covered by an entry of the list in src/oci/features.c, all of whose entries
must cover one.
"""
import pathlib
import re
import sys

PREFIXES = r"(?:run\.oci|org\.systemd|org\.criu|dev\.bulkhead|io\.katacontainers|io\.kubernetes|krun)"
IN_CODE = re.compile(rf'"({PREFIXES}\.[\w.-]+)"')
IN_TABLE = re.compile(rf"`({PREFIXES}\.[\w.-]+)`")
UNSAFE = re.compile(r"unsafe_annotations\[\] = \{(.*?)\};", re.S)
# What names something else: members of the features document, the channel to a guest.
OTHERS = {"dev.bulkhead.version", "dev.bulkhead.commit", "dev.bulkhead.agent"}


def covers(entry, name):
    return name.startswith(entry) if entry.endswith(".") else name == entry


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    code = set()
    for top in ("src", "include"):
        for path in (root / top).rglob("*.[ch]"):
            if path.name == "features.c" or path.name.startswith(("test-", "fuzz-")):
                continue
            code |= set(IN_CODE.findall(path.read_text()))
    code -= OTHERS
    table = set()
    for line in (root / "spec/annotations.md").read_text().splitlines():
        if line.startswith("| `"):
            # The name of a property is the user's.
            table |= {name.replace(".NAME", ".") for name in IN_TABLE.findall(line.split("|")[1])}
    unsafe = re.findall(r'"([^"]+)"', UNSAFE.search((root / "src/oci/features.c").read_text()).group(1))
    wrong = [f"spec/annotations.md: no row for '{name}', which the code acts on" for name in sorted(code - table)]
    wrong += [f"spec/annotations.md: the code does not know '{name}'" for name in sorted(table - code)]
    wrong += [f"src/oci/features.c: '{name}' is not among the unsafe annotations" for name in sorted(table)
              if not any(covers(entry, name) for entry in unsafe)]
    wrong += [f"src/oci/features.c: '{entry}' covers no annotation of spec/annotations.md" for entry in unsafe
              if not any(covers(entry, name) for name in table)]
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())

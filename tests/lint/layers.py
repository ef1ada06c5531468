#!/usr/bin/env python3
"""Holds every C file to the table of layers in meson.build.

usage: layers.py SOURCE_DIR STAMP LAYER=ALLOWED,ALLOWED ...

A file of layer X may include "X/...", and "Y/..." for each Y that X is allowed; nothing by "../".
One exception to the table: cli/backends.c is the registry of backends.
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
GENERATED = {"version.h", "launch-image.h", "wire-build-id.h"}


def main():
    root, stamp = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    table = {}
    for word in sys.argv[3:]:
        name, _, allowed = word.partition("=")
        table[name] = set(filter(None, allowed.split(","))) | {name}
    wrong = []
    for layer, allowed in table.items():
        for top in ("src", "include"):
            for path in sorted((root / top / layer).glob("*.[chS]")):
                is_test = path.name.startswith(("test-", "fuzz-"))
                for include in INCLUDE.findall(path.read_text()):
                    if include in GENERATED or (is_test and "/" not in include):
                        continue
                    if include.startswith("../"):
                        wrong.append(f"{path}: \"{include}\": no relative includes")
                        continue
                    target, slash, _ = include.partition("/")
                    if not slash:
                        target = layer
                        if not (root / "src" / layer / include).exists():
                            wrong.append(f"{path}: \"{include}\": not a private header of {layer}")
                    if target not in table:
                        wrong.append(f"{path}: \"{include}\": {target} is not a layer")
                    elif target not in allowed and layer + "/" + path.name != "cli/backends.c":
                        wrong.append(f"{path}: \"{include}\": {layer} may not use {target}")
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        return 1
    stamp.write_text("ok\n")
    return 0


sys.exit(main())

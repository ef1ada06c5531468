#!/usr/bin/env python3
"""Holds spec/coverage.md to the field tables and to the tests, in both directions.

usage: coverage.py [SOURCE_DIR]

Each member of config.json in src/oci/fields-*.c must have a row, each row must name a member that
is in the tables, the files of its second column must exist, and each test of its third column,
written as `file` "name", must be there under that name; one of them must be of tests/integration or
tests/vm, which look at the effect. tests/data/members.txt, the specification's own list, must name
the same members.
"""
import pathlib
import re
import sys

TABLE = re.compile(r"const struct field (\w+)\[\] = \{(.*?)\};", re.S)
ROW = re.compile(
    r"FIELD(?:_WITH_NAMES|_WITH_FIELDS)?\(\s*FIELD_(\w+),\s*struct \w+,\s*[\w\[\]]+,\s*\"(\w+)\","
    r"\s*[\w| ]+(?:,\s*struct \w+,\s*(\w+_fields))?")
LINE = re.compile(r"^\| `([^`]+)` \| (.*) \| (.*) \|$")
FILE = re.compile(r"`((?:src|tests|include)/[^`]+)`")
TEST = re.compile(r"`(tests/[^`]+|src/[^`]+)` (\"[^\"]+\"(?:, \"[^\"]+\")*)")
EFFECT = re.compile(r"tests/(integration|vm)/")
SUFFIX = {"LIST": "[]", "OBJECTS": ".*"}
ALIASES = {"hwconfig"}  # another spelling of hwConfig: one row for all of it


def tables_read(root):
    tables = {}
    for path in sorted((root / "src/oci").glob("fields-*.c")):
        for name, body in TABLE.findall(path.read_text()):
            tables[name] = ROW.findall(body)
            if len(tables[name]) != body.count("FIELD(") + body.count("FIELD_WITH_"):
                sys.exit(f"coverage.py: {path}: a row of {name} is not understood")
    return tables


def members(tables, table="oci_config_fields", prefix=""):
    for kind, name, below in tables[table]:
        path = f"{prefix}{name}"
        yield path
        if below and name not in ALIASES:
            yield from members(tables, below, path + SUFFIX.get(kind, "") + ".")


def test_exists(root, file, name):
    path = root / file
    if not path.is_file():
        return False
    text = path.read_text()
    return f'@test "{name}" {{' in text if path.suffix == ".bats" else f'"{name}' in text


def listed(root):
    lines = (root / "tests/data/members.txt").read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    wanted = set(members(tables_read(root)))
    seen = set()
    wrong = []
    for number, line in enumerate((root / "spec/coverage.md").read_text().splitlines(), 1):
        match = LINE.match(line)
        if not match:
            continue
        member, handled, tests = match.groups()
        here = f"spec/coverage.md:{number}: {member}"
        if member in seen:
            wrong.append(f"{here}: listed twice")
        if member not in wanted:
            wrong.append(f"{here}: is in no table of src/oci")
        seen.add(member)
        files = FILE.findall(handled)
        if not files:
            wrong.append(f"{here}: names no file that handles it")
        wrong += [f"{here}: no file {file}" for file in files if not (root / file).is_file()]
        named = TEST.findall(tests)
        if not named:
            wrong.append(f"{here}: names no test")
        elif not any(EFFECT.match(file) for file, _ in named):
            wrong.append(f"{here}: names no test of tests/integration or tests/vm")
        for file, names in named:
            for name in re.findall(r'"([^"]+)"', names):
                if not test_exists(root, file, name):
                    wrong.append(f"{here}: no test \"{name}\" in {file}")
    wrong += [f"spec/coverage.md: no row for {member}" for member in sorted((wanted | listed(root)) - seen)]
    wrong += [f"src/oci: no table has {member}" for member in sorted(listed(root) - wanted)]
    wrong += [f"tests/data/members.txt: {member} is missing" for member in sorted(wanted - listed(root))]
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


sys.exit(main())

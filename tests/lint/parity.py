#!/usr/bin/env python3
"""What the shared suite leaves out at a level, and what spec/parity.md says is left out, are the same.

usage: tests/lint/parity.py DIRECTORY

A test that cannot hold at the vm level begins with: differs_at vm "REASON". Each REASON is the last
cell of a row of the table in spec/parity.md, and each row is the reason of some test.
"""
import pathlib
import re
import sys

CALL = re.compile(r"\bdiffers_at\b(.*)")
WELL_FORMED = re.compile(r'^ vm "([^"$`\\]+)"$')


def reasons_of_tests(top):
    reasons, complaints = {}, []
    for path in sorted((top / "tests/integration").glob("*.ba*")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            call = CALL.search(line)
            if not call or line.lstrip().startswith(("#", "differs_at()")):
                continue
            form = WELL_FORMED.match(call.group(1))
            where = f"{path.relative_to(top)}:{number}"
            if form:
                reasons.setdefault(form.group(1), where)
            else:
                complaints.append(f'{where}: must be: differs_at vm "REASON"')
    return reasons, complaints


def reasons_of_table(top):
    reasons = {}
    for number, line in enumerate((top / "spec/parity.md").read_text().splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and cells[0] != "what" and set(cells[0]) != {"-"}:
            reasons[cells[3]] = f"spec/parity.md:{number}"
    return reasons


def main():
    top = pathlib.Path(sys.argv[1])
    tests, complaints = reasons_of_tests(top)
    table = reasons_of_table(top)
    for reason in tests.keys() - table.keys():
        complaints.append(f"{tests[reason]}: '{reason}' is not in the table of spec/parity.md")
    for reason in table.keys() - tests.keys():
        complaints.append(f"{table[reason]}: '{reason}' is the reason of no test")
    for complaint in sorted(complaints):
        print(complaint)
    return 1 if complaints or not tests else 0


if __name__ == "__main__":
    sys.exit(main())

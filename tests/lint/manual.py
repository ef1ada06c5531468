#!/usr/bin/env python3
"""Holds the manual page to the program's own help: the same commands, and for each the same options.

usage: manual.py BULKHEAD SOURCE_DIR

The completions for bash and fish read the help themselves, so what holds for it holds for them.
"""
import pathlib
import re
import subprocess
import sys


def help_of(program, *words):
    done = subprocess.run([program, *words, "--help"], capture_output=True, text=True, check=True)
    return done.stdout


def options(text):
    """The long options at the start of a line of help."""
    return set(re.findall(r"^  --([a-z0-9-]+)", text, re.M))


def from_help(program):
    general = help_of(program)
    commands = re.findall(r"^  ([a-z]+) ", general.split("commands:")[1].split("\n\n")[0], re.M)
    sections = {"": options(general)}
    for command in commands:
        sections[command] = options(help_of(program, command))
    return sections


def from_manual(text):
    """The options of each .SS, those of the section GLOBAL OPTIONS under the empty name."""
    sections, name = {}, None
    for line in text.splitlines():
        if line.startswith(".SH "):
            name = "" if line == ".SH GLOBAL OPTIONS" else None
        elif line.startswith(".SS "):
            name = line[4:].strip()
        if name is not None:
            found = sections.setdefault(name, set())
            if line.startswith(r"\fB\-\-"):
                found.add(line.split(r"\fR")[0][7:].replace("\\", ""))
    return sections


def main():
    program, root = sys.argv[1], pathlib.Path(sys.argv[2])
    told = from_help(program)
    written = from_manual((root / "contrib/man/bulkhead.8").read_text())
    wrong = 0
    for name in sorted(told.keys() | written.keys()):
        where = name or "global options"
        if name not in written or name not in told:
            print(f"{where}: only in the {'help' if name in told else 'manual page'}")
            wrong += 1
            continue
        for option in sorted(told[name] ^ written[name]):
            print(f"{where}: --{option} only in the {'help' if option in told[name] else 'manual page'}")
            wrong += 1
    return 1 if wrong else 0


sys.exit(main())

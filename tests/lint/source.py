#!/usr/bin/env python3
"""Holds the C files to the rules of spec/style.md that a compiler does not know.

usage: source.py sizes|calls|conditionals|leftovers SOURCE_DIR

sizes         a file has at most 600 lines, a function at most 80
calls         no calls that are unsafe, end the process below main, print below the command line, or
              read the environment where it does not belong (tests are free)
conditionals  no #if in a .c file: constants of kernels and architectures belong in kern/compat.h
leftovers     no TODO, FIXME, XXX, stub
"""
import os
import pathlib
import re
import sys

BANNED = {
    name: "unsafe" for name in (
        "system popen strcpy strcat sprintf vsprintf gets strtok alloca tmpnam mktemp tempnam "
        "atoi atol atoll atof scanf").split()
}
CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'')
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
FUNCTION = re.compile(r"^[A-Za-z_][^;={}\n]*\([^;{}]*\)\s*\n?\{", re.M)
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX|HACK|[Ss]tub(bed)?)\b")


def bare(text):
    """The text without comments and strings, lines kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    # Strings first where a comment starts inside one, comments first otherwise: one pass for both.
    both = re.compile(COMMENT.pattern + "|" + STRING.pattern, re.S)
    return both.sub(blank, text)


def files(root, *tops):
    """Not below hidden directories: what is cached there may be going while we look."""
    for top in tops:
        found = []
        for directory, below, names in os.walk(root / top):
            below[:] = [name for name in below if not name.startswith(".")]
            found += [pathlib.Path(directory) / name for name in names if name.endswith((".c", ".h"))]
        for path in sorted(found):
            if not path.name.startswith("."):
                yield path, path.read_text()


def sizes(root):
    for path, text in files(root, "src", "include", "tests"):
        count = text.count("\n")
        if count > 600:
            yield path, 1, f"{count} lines, at most 600"
        code = bare(text)
        for match in FUNCTION.finditer(code):
            end = code.find("\n}", match.end())
            length = code.count("\n", match.start(), end + 1) + 1
            if length > 80:
                line = code.count("\n", 0, match.start()) + 1
                yield path, line, f"a function of {length} lines, at most 80"


def calls(root):
    for path, text in files(root, "src"):
        where = path.relative_to(root / "src")
        layer = where.parts[0]
        test = path.name.startswith(("test-", "fuzz-"))
        if test or where.parts[-1] == "path-tree.h":
            continue
        for number, line in enumerate(bare(text).split("\n"), 1):
            if line.lstrip().startswith("#"):
                continue
            for name in CALL.findall(line):
                if name in BANNED:
                    yield path, number, f"{name}: {BANNED[name]}"
                elif name == "exit" and str(where) not in ("cli/main.c", "base/own.c"):
                    yield path, number, "exit below main"
                elif name in ("getenv", "secure_getenv", "setenv", "putenv") and \
                        layer not in ("cli", "runtime") and str(where) != "kern/facts.c":
                    yield path, number, f"{name}: the environment is the command line's"
                elif name in ("perror", "puts", "printf") and layer != "cli":
                    yield path, number, f"{name}: no printing below cli"


def conditionals(root):
    for path, text in files(root, "src"):
        # The launcher is a program of its own, without libc and without kern.
        if path.suffix != ".c" or path.name.startswith(("test-", "fuzz-")) or path.parent.name == "launch":
            continue
        for number, line in enumerate(bare(text).split("\n"), 1):
            if re.match(r"\s*#\s*(if|ifdef|ifndef|elif)\b", line):
                yield path, number, "conditional compilation in a .c file"


def leftovers(root):
    for path, text in files(root, "src", "include"):
        for number, line in enumerate(text.split("\n"), 1):
            match = LEFTOVER.search(line)
            if match:
                yield path, number, f"'{match.group()}'"


def main():
    check = {"sizes": sizes, "calls": calls, "conditionals": conditionals, "leftovers": leftovers}[sys.argv[1]]
    root = pathlib.Path(sys.argv[2])
    found = 0
    for path, line, message in check(root):
        print(f"{path.relative_to(root)}:{line}: {message}")
        found += 1
    return 1 if found else 0


sys.exit(main())

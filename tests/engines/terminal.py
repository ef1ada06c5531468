#!/usr/bin/env python3
"""Runs a command in a terminal and follows steps, one a line of a file:

    expect TEXT     wait until the command has printed it (after the last thing expected)
    send TEXT       type it and a newline
    keys TEXT       type it, with Python's escapes
    resize R C      change the terminal's size

Prints all that was shown; exits with the command's status, 100 when a step waits in vain.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

LIMIT = 150


def main():
    steps = [line.rstrip("\n") for line in open(sys.argv[1], encoding="utf-8")]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(sys.argv[2], sys.argv[2:])
    size(terminal, 30, 100)
    shown = b""
    seen = 0
    end = time.monotonic() + LIMIT
    for step in steps:
        word, _, rest = step.partition(" ")
        if word == "expect":
            while rest.encode() not in shown[seen:]:
                more = read(terminal, end)
                if not more:
                    finish(pid, shown, f"waited in vain for '{rest}'")
                shown += more
            seen = shown.index(rest.encode(), seen) + len(rest)
        elif word == "send":
            os.write(terminal, rest.encode() + b"\n")
        elif word == "keys":
            os.write(terminal, rest.encode().decode("unicode_escape").encode())
        elif word == "resize":
            rows, columns = rest.split()
            size(terminal, int(rows), int(columns))
        elif word:
            sys.exit(f"terminal.py: no step '{step}'")
    while more := read(terminal, end):
        shown += more
    if more is None:
        finish(pid, shown, "the command does not end")
    finish(pid, shown, None)


def size(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read(terminal, end):
    """Nothing at the end of the command, None at the end of the time."""
    ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
    if not ready:
        return None
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def finish(pid, shown, complaint):
    sys.stdout.buffer.write(shown)
    sys.stdout.flush()
    if complaint:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if complaint:
        print(complaint, file=sys.stderr)
        sys.exit(100)
    sys.exit(os.waitstatus_to_exitcode(status) % 256)


main()

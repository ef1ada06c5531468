#!/usr/bin/env python3
"""Writes the header with the build id: a digest of what says how things cross the wire.

usage: build-id.py VERSION OUTPUT FILE...
"""
import hashlib
import pathlib
import sys

digest = hashlib.sha256()
for name in sorted(sys.argv[3:], key=lambda name: pathlib.Path(name).parts[-3:]):
    digest.update(pathlib.Path(name).read_bytes())
pathlib.Path(sys.argv[2]).write_text(
    f'#define WIRE_BUILD_ID "{sys.argv[1]}-{digest.hexdigest()[:24]}"\n')

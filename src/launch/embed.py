#!/usr/bin/env python3
"""Writes a program as an array of a C header. usage: embed.py PROGRAM HEADER"""
import pathlib
import sys

image = pathlib.Path(sys.argv[1]).read_bytes()
lines = []
for start in range(0, len(image), 16):
    lines.append("\t" + ", ".join(f"0x{byte:02x}" for byte in image[start:start + 16]) + ",")
pathlib.Path(sys.argv[2]).write_text(
    "/* Generated from the launch program. */\n"
    "#include <stddef.h>\n\n"
    f"static const size_t launch_image_size = {len(image)};\n"
    "static const unsigned char launch_image[] = {\n" + "\n".join(lines) + "\n};\n")

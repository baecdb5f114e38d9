#!/usr/bin/env python3
"""Draws what commands wrote on a terminal of 80 columns as an SVG.

usage: script -qec 'stty cols 80; nomspark deploy' deploy.txt
       terminal.py 'nomspark deploy' deploy.txt ['COMMAND' FILE ...] > terminal.svg
"""

import html
import re
import sys

COLUMNS, CHARACTER, LINE, MARGIN = 80, 7.83, 18, 16
DIM = re.compile(r"(\x1b\[2m.*?\x1b\[0m)")


def wrapped(line):
    """A line as the terminal breaks it, as pieces of (text, is it dim)."""
    rows, used = [[]], 0
    for part in DIM.split(line):
        dim = part.startswith("\x1b[2m")
        text = re.sub(r"\x1b\[[0-9;]*m", "", part)
        while text:
            if used == COLUMNS:
                rows.append([])
                used = 0
            piece, text = text[: COLUMNS - used], text[COLUMNS - used :]
            rows[-1].append((piece, "dim" if dim else ""))
            used += len(piece)
    return rows


def screen(arguments):
    rows = []
    for command, path in zip(arguments[::2], arguments[1::2]):
        if rows:
            rows.append([])
        rows.append([("$ ", "dim"), (command, "typed")])
        with open(path, encoding="utf-8") as file:
            lines = file.read().replace("\r", "").split("\n")
        for line in lines:
            if not line.startswith(("Script started on", "Script done on")):
                rows.extend(wrapped(line))
        while rows and not rows[-1]:
            rows.pop()
    return rows


def main():
    rows = screen(sys.argv[1:])
    width, height = round(COLUMNS * CHARACTER + 2 * MARGIN), len(rows) * LINE + 2 * MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">')
    print("<style>text{font:13px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d8dee9;white-space:pre}"
          ".dim{fill:#8a94a6}.typed{fill:#fff;font-weight:bold}</style>")
    print(f'<rect width="{width}" height="{height}" rx="8" fill="#1c2330"/>')
    for number, row in enumerate(rows):
        y, column = MARGIN + (number + 0.75) * LINE, 0
        for text, kind in row:
            # Words are put where a terminal has them, whatever font the reader's machine has.
            for word in re.finditer(r"\S+", text):
                x = MARGIN + (column + word.start()) * CHARACTER
                length = len(word.group()) * CHARACTER
                kind_attribute = f' class="{kind}"' if kind else ""
                print(f'<text x="{x:.1f}" y="{y:.1f}" textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs"'
                      f"{kind_attribute}>{html.escape(word.group())}</text>")
            column += len(text)
    print("</svg>")


main()

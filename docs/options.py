#!/usr/bin/env python3
"""Prints docs/options.md from the options table, include/heapline/options.def.
After a change of the table: docs/options.py > docs/options.md (a test
compares the two)."""

import os
import re

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "../include/heapline/options.def")

ROW = re.compile(r'^HEAPLINE_OPTION\((\w+), (\w+), "([^"]*)",((?:\s*"[^"]*")+)\)',
                 re.MULTILINE)

HEAD = """\
# Options of the tracer

`HEAPLINE_OPTIONS` is a list of `key=value` separated by colons; a value that
holds a colon is quoted: `out="a:b"`. An unknown key or a bad value is told in
one line on stderr, and the program runs on with that key's default.
`heapline run --set key=value` sets the same keys. This page is made from
`include/heapline/options.def` by `docs/options.py`.

| key | takes | default | meaning |
|---|---|---|---|
"""

TAIL = """
What a value looks like:

| takes | written as |
|---|---|
| Flag | `0` or `1` |
| Count | a whole number |
| Bytes | a number, with `K`, `M`, `G` or `T` for powers of 1024: `512K` |
| Duration | a number with `ms`, `s`, `m` or `h`: `500ms`; `0` is off |
| Growth | Bytes, or a percentage: `64M`, `10%` |
| Signal | `none`, a name or a number: `USR2`, `SIGUSR2`, `RTMAX-2`, `12` |
| Text | bytes up to the next colon, or in quotes; less than 4096 bytes |
| Unwinder | `cfi` or `libunwind` |
"""


def main():
    with open(TABLE, encoding="utf-8") as file:
        rows = ROW.findall(file.read())
    print(HEAD, end="")
    for kind, name, default, pieces in rows:
        meaning = "".join(re.findall(r'"([^"]*)"', pieces)).replace("|", "\\|")
        print(f"| `{name}` | {kind} | `{default}` | {meaning} |")
    print(TAIL, end="")


if __name__ == "__main__":
    main()

"""measuring.py: runs commands and tells what they cost, and the rows and tables
that figures are printed in.

Figures are CPU time, user and system, of a process and of what it waited for
(so a snapshot's writing child counts). Variants of a measurement are run in
turns, so that a busy machine falls on all of them alike; minimum and median of
the turns are kept. Single-threaded; owns a folder removed at the end.
"""

import json
import os
import shlex
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("HEAPLINE_BUILD_DIR",
                       os.path.join(SOURCE, "build", "release"))
BIN = os.path.join(BUILD, "bin")
HEAPLINE = os.path.join(BIN, "heapline")
SHIM = os.path.join(BUILD, "lib", "libheapline.so")
WORKLOADS = os.path.join(HERE, "workloads")


class Row:
    """One measurement: a name, its figures by column and the command."""

    def __init__(self, part, name, figures, command):
        self.part = part
        self.name = name
        self.figures = figures
        self.command = command

    def as_json(self):
        return {"part": self.part, "name": self.name, "figures": self.figures,
                "command": self.command}


class Run:
    """What one run of a command took. Times in seconds, memory in bytes."""

    def __init__(self, wall, usage, stdout):
        self.wall = wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak_rss_bytes = usage.ru_maxrss * 1024
        self.stdout = stdout


class Bench:
    """What the parts share: the folder to work in, and how thorough to be."""

    def __init__(self, folder, rounds, is_quick):
        self.folder = folder
        self.rounds = rounds
        self.is_quick = is_quick

    def path(self, *names):
        return os.path.join(self.folder, *names)


def say(text):
    print(text, file=sys.stderr, flush=True)


def environment_with(additions):
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("LD_PRELOAD", "HEAPLINE_OPTIONS")}
    environment.update(additions)
    return environment


def stay_on_one_processor():
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def run(command, additions=None, stdin=None, pinned=True):
    """Runs `command` to its end. Raises where it fails."""
    began = time.monotonic()
    with open(stdin or os.devnull, "rb") as given:
        process = subprocess.Popen(
            command, env=environment_with(additions or {}), stdin=given,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=stay_on_one_processor if pinned else None)
        stdout, stderr = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        process.stderr.close()
    if status != 0:
        raise RuntimeError(f"{shlex.join(command)}: ended with status "
                           f"{status}: {stderr.decode(errors='replace')}")
    return Run(wall, usage, stdout.decode(errors="replace"))


def in_turns(rounds, measures):
    """measures: name -> function that returns a figure. Calls each `rounds`
    times, in turns that begin elsewhere each time. name -> figures in order.
    A measure that fails is said so, and not there."""
    names = list(measures)
    taken = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            if name not in taken:
                continue
            try:
                taken[name].append(measures[name]())
            except RuntimeError as error:
                say(f"    {name}: left out: {error}")
                del taken[name]
    return taken


def ratios(figures, plain):
    return [figure / base for figure, base in zip(figures, plain)]


def spread(figures, digits):
    return {"min": round(min(figures), digits),
            "median": round(statistics.median(figures), digits)}


def spread_of_rates(figures, digits):
    return {"max": round(max(figures), digits),
            "median": round(statistics.median(figures), digits)}


def shown(value):
    if value is None:
        return "-"
    if isinstance(value, dict):
        best = value["min"] if "min" in value else value["max"]
        return f"{best} ({value['median']})"
    return str(value)


def table(rows):
    """Markdown: a column a figure, as all rows together name them."""
    columns = []
    for row in rows:
        columns.extend(c for c in row.figures if c not in columns)
    lines = [["measurement", *columns, "command"]]
    for row in rows:
        lines.append([row.name,
                      *[shown(row.figures.get(c)) for c in columns],
                      f"`{row.command}`"])
    widths = [max(len(line[i]) for line in lines)
              for i in range(len(lines[0]) - 1)]
    lines.insert(1, ["-" * width for width in widths] + ["---"])
    return "\n".join(
        "| " + " | ".join([*(cell.ljust(width) for cell, width
                             in zip(line, widths)), line[-1]]) + " |"
        for line in lines)


def write_json(path, rows, machine):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"schema": {"name": "heapline.bench", "version": 1},
                   "machine": machine,
                   "rows": [row.as_json() for row in rows]}, file, indent=1)
        file.write("\n")

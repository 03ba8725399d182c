"""pauses.py: how long a snapshot stops a program, beside the bare clone that it
cannot be shorter than; how long its child then writes; bytes a block on disk;
how fast the child searches linked blocks for references.

The bare clones are made by the same program on the same heap, untraced. Heaps
stand in 4 KiB pages, and in huge pages where the kernel gives them on advice.
"""

import os
import shutil
import sys

from measuring import BIN, SHIM, Row, run, spread, spread_of_rates

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "programs"))

# pylint: disable=wrong-import-position
from snapshot_bytes import properties_of

# MiB, blocks.
HEAPS = ((102, 500000), (1024, 5000000))
QUICK_HEAPS = ((102, 500000),)
CUTS = 7

HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage/enabled"


def page_kinds():
    yield "4 KiB pages", {}
    try:
        with open(HUGE_PAGES, encoding="ascii") as file:
            if "[never]" in file.read():
                return
    except OSError:
        return
    yield "huge pages", {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def cuts(bench, command, additions, more_options=""):
    """What the snapshots that one traced run cut say of themselves, and the
    bytes of the last one's file."""
    folder = bench.path("pauses")
    options = f"out={folder}:at_exit=0{more_options}"
    run(command, {**additions, "LD_PRELOAD": SHIM, "HEAPLINE_OPTIONS": options},
        pinned=False)
    paths = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    told = [properties_of(path) for path in paths]
    size = os.stat(paths[-1]).st_size
    shutil.rmtree(folder)
    return told, size


def in_ms(microseconds):
    return spread([value / 1000 for value in microseconds], 2)


def scans(bench, mib, blocks):
    """The search for references, on blocks of which each points at two others:
    beside it what the pause is with and without."""
    command = [f"{BIN}/pause_probe", str(mib), str(blocks), str(CUTS), "linked"]
    told, size = cuts(bench, command, {})
    without, size_without = cuts(bench, command, {}, ":graph=0")
    live = told[-1]["live_count"]
    return Row("scans", f"{mib} MiB, {blocks} linked blocks", {
        "million blocks/s": spread_of_rates(
            [live / row["scan_us"] for row in told], 2),
        "scan, ms": in_ms([row["scan_us"] for row in told]),
        "pause, ms": in_ms([row["pause_us"] for row in told]),
        "pause with graph=0, ms": in_ms([row["pause_us"] for row in without]),
        "bytes a block more": round((size - size_without) / live, 2),
    }, " ".join(["pause_probe", *command[1:]]))


def measure(bench):
    heaps = QUICK_HEAPS if bench.is_quick else HEAPS
    for mib, blocks in heaps:
        yield scans(bench, mib, blocks)
    for mib, blocks in heaps:
        for kind, additions in page_kinds():
            command = [f"{BIN}/pause_probe", str(mib), str(blocks), str(CUTS)]
            bare = [int(word) for word in
                    run(command, additions, pinned=False).stdout.split()]
            told, size = cuts(bench, command, additions)
            clone = in_ms(bare)
            pause = in_ms([row["pause_us"] for row in told])
            allowed = 1.3 * clone["median"] + 5
            yield Row("pauses", f"{mib} MiB, {blocks} blocks, {kind}", {
                "bare clone, ms": clone,
                "pause, ms": pause,
                "1.3 × clone + 5, ms": round(allowed, 2),
                "child, ms": in_ms([row["child_us"] for row in told]),
                "bytes a block": round(size / told[-1]["live_count"], 2),
            }, " ".join([*(f"{k}={v}" for k, v in additions.items()),
                         "pause_probe", *command[1:]]))

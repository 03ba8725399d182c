#!/usr/bin/python3
"""Stands in for heapline-demo: the same contract, with snapshots by hand. The
variable STAND_IN makes it break the contract in one way."""

import json
import os
import signal
import sys

FAULT = os.environ.get("STAND_IN", "")

SCENARIOS = [
    {"name": "growing-list", "title": "A list without a bound", "rows": [78, 81],
     "file": "samples/demo/grow.cc", "symptom": "growth",
     "reports": ["diff --by line", "retained -n 2"],
     "says": "The list keeps every item; bound it."},
    {"name": "lost-pair", "title": "Two nodes that own each other", "rows": [11],
     "file": "samples/demo/pair.cc", "symptom": "cycle",
     "reports": ["cycles", "paths demo::Node"],
     "says": "The nodes own each other; make one reference weak."},
    {"name": "plain", "title": "Nothing to find", "rows": [4],
     "file": "samples/demo/plain.cc", "symptom": "none", "reports": ["top"],
     "says": "All is well."},
]
CHECKLIST = [
    {"row": 4, "scenario": "plain", "kind": "scenario",
     "where": "samples/demo/plain.cc"},
    {"row": 5, "scenario": "", "kind": "docs", "where": "docs/demo/README.md"},
    {"row": 11, "scenario": "lost-pair", "kind": "scenario",
     "where": "samples/demo/pair.cc"},
]
TRIALS = [
    {"threshold": threshold, "collections": 8000 // threshold,
     "max_pause_ns": threshold * 1000, "median_pause_ns": threshold * 500,
     "total_ns": 5000000, "peak_bytes": threshold * 2048}
    for threshold in (100, 400, 1600)
]

HEAD = """heapline-text 1
property program "stand-in"
property live_bytes {live_bytes}
property live_count {live_count}
property peak_bytes {live_bytes}
property complete 1
property graph 1
"""
STACKS = """
node 1 parent=0 thread
node 2 parent=1 return 0x1 function="demo::Grow()" at=/src/samples/demo/grow.cc:12
node 3 parent=2 return 0x2 function="runtime::List::Append(int)" at=/src/samples/runtime/list.cc:40
"""
TYPE_NAME = 'type-name 0x400 "demo::Node"\n'


def snapshots(blocks, lines, types):
    """The traced and the exact form of one heap: addresses and sizes of blocks,
    edges and roots, which of the blocks are nodes."""
    sizes = {"live_bytes": sum(blocks.values()), "live_count": len(blocks)}
    head = HEAD.format(**sizes)
    traced = head + STACKS + lines + "".join(
        f"block {address:#x} size={size} node=3\n"
        for address, size in blocks.items())
    exact = (head + "property exact 1\n" + lines.replace("stack 7", "region 0")
             + TYPE_NAME + "".join(
                 f"block {address:#x} size={size}\n"
                 for address, size in blocks.items()) + "".join(
                     f"word {address:#x} 0 module 0x400\n"
                     for address in types))
    return traced, exact


def cuts_of(scenario, is_broken):
    """Label, and (blocks, lines, nodes), of each cut."""
    if scenario == "growing-list":
        grown = {0x1000: 64, 0x2000: 8000 if is_broken else 100}
        edge = "root stack 7 8 0x1000\nedge 0x1000 +0x20 0x2000\n"
        return [("before", ({0x1000: 64}, "root stack 7 8 0x1000\n", [])),
                ("after", (grown, edge, []))]
    lines = "root stack 7 8 0x1000\n"
    blocks = {0x1000: 64, 0x3000: 48, 0x3040: 48}
    if scenario == "lost-pair" and is_broken:
        lines += "edge 0x3000 +0x20 0x3040\nedge 0x3040 +0x20 0x3000\n"
    elif scenario == "lost-pair":
        lines += "edge 0x1000 +0x20 0x3000\nedge 0x3000 +0x20 0x3040\n"
        lines += "weak-edge 0x3040 +0x20 0x3000\n"
    else:
        blocks = {0x1000: 64}
    return [("end", (blocks, lines, []))]


def run(scenario, variant, heap, directory):
    print(f"this is {scenario}, {variant}, on {heap}")
    beside = os.listdir(os.path.dirname(directory))
    if FAULT == "must be alone" and len(beside) != 2:  # edge.rules, and ours
        sys.exit(f"it is not alone: {beside}")
    if FAULT == "ends itself":
        os.kill(os.getpid(), signal.SIGTERM)
    if FAULT == "waits" and (scenario, heap) == ("growing-list", "malloc"):
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, signal.SIG_DFL)
        open(os.path.join(directory, "waiting"), "w").close()
        signal.pause()
    is_broken = variant == "broken" or FAULT == "never cured"
    cuts = []
    for number, (label, heap_now) in enumerate(cuts_of(scenario, is_broken)):
        traced, exact = snapshots(*heap_now)
        traced = traced.replace("weak-edge", "# ")
        exact_name = f"exact.{number}.txt"
        with open(os.path.join(directory, exact_name), "w") as file:
            file.write(exact)
        name = f"heapline-demo.{os.getpid()}.{number}.hl"
        if FAULT != "no snapshot":
            with open(os.path.join(directory, name), "w") as file:
                file.write(traced)
        cuts.append({"label": label, "exact": exact_name})
    if FAULT == "odd name":
        open(os.path.join(directory, f"odd.{os.getpid()}.hl"), "w").close()
    blocks = heap_now[0]
    kept = []
    if scenario == "growing-list":
        total = sum(blocks.values()) + (1 if FAULT == "wrong sizes" else 0)
        kept = [{"cut": 1, "name": "list", "address": "0x1000",
                 "shallow_bytes": 64, "deep_bytes": total,
                 "retained_bytes": total, "retained_count": len(blocks)}]
    truth = {"scenario": scenario, "variant": variant, "heap": heap,
             "cuts": cuts, "grows": ["../../samples/demo/grow.cc:12"],
             "kept": kept, "numbers": {"items": 1000}}
    with open(os.path.join(directory, "truth.json"), "w") as file:
        json.dump(truth, file)


def main(arguments):
    if FAULT == "ends badly" and not arguments[0].startswith("--"):
        sys.exit(3)
    if FAULT == "no list" and arguments[0] == "--scenarios":
        print('[{"name": 7}]')
    elif arguments[0] == "--scenarios":
        print(json.dumps(SCENARIOS))
    elif arguments[0] == "--checklist":
        print(json.dumps(CHECKLIST))
    elif arguments[0] == "--tune":
        print(json.dumps(TRIALS))
    elif arguments[0] == "--edge-rules":
        print('count type "demo::*" +8')
    else:
        options = dict(zip(arguments[1::2], arguments[2::2]))
        run(arguments[0], options["--variant"], options["--heap"],
            options["--out"])


if __name__ == "__main__":
    main(sys.argv[1:])

"""pair_costs.py: what the tracer adds to a malloc and its free, in ns of CPU:
loops at three depths of the stack, in 1, 2 and 4 threads."""

from measuring import BIN, SHIM, Row, in_turns, run, spread

DEPTHS = (5, 20, 60)
THREADS = (1, 2, 4)
LIVE_BLOCKS = 1000

VARIANTS = {
    "plain": None,
    "start=0": "at_exit=0:start=0",
    "depth=0": "at_exit=0:depth=0",
    "full": "at_exit=0",
}


def ns_a_pair(command, options):
    additions = {}
    if options is not None:
        additions = {"LD_PRELOAD": SHIM, "HEAPLINE_OPTIONS": options}
    # Not pinned: threads are to meet on more than one processor.
    words = run(command, additions, pinned=False).stdout.split()
    return float(next(w for w in words if w.startswith("ns_per_op=")
                      ).split("=")[1])


def measure(bench):
    pairs = 500000 if bench.is_quick else 5000000
    for depth in DEPTHS:
        for threads in THREADS:
            command = [f"{BIN}/alloc_depth", str(depth),
                       str(pairs // threads), str(LIVE_BLOCKS), str(threads)]
            taken = in_turns(bench.rounds, {
                name: (lambda options=options: ns_a_pair(command, options))
                for name, options in VARIANTS.items()})
            figures = {"plain, ns": spread(taken["plain"], 1)}
            for name in list(VARIANTS)[1:]:
                added = {k: round(v - figures["plain, ns"][k], 1)
                         for k, v in spread(taken[name], 2).items()}
                figures[f"{name}, +ns"] = added
            yield Row("pairs", f"depth {depth}, {threads} thread"
                      + ("s" if threads > 1 else ""), figures,
                      "alloc_depth " + " ".join(command[1:]))

"""report_costs.py: time and memory of the analyzer on made-up snapshots of ten
million blocks by 200 000 call stacks, and of the symbolizer on real files."""

import os
import re
import shutil

from measuring import BIN, HEAPLINE, Row, in_turns, run, spread


def cost_row(bench, name, command, shown_command):
    runs = in_turns(bench.rounds, {"run": lambda: run(command, pinned=False)})
    taken = runs["run"]
    peak = max(one.peak_rss_bytes for one in taken)
    return Row("reports", name, {
        "CPU, s": spread([one.cpu for one in taken], 2),
        "wall, s": spread([one.wall for one in taken], 2),
        "memory, GiB": round(peak / (1 << 30), 2)}, shown_command)


def snapshots(bench):
    """Two made-up snapshots in the bench's folder, made once."""
    paths = [bench.path("older.hl"), bench.path("newer.hl")]
    if not all(os.path.exists(path) for path in paths):
        millions = "1" if bench.is_quick else "10"
        run([f"{BIN}/make_bench_snapshots", millions, *paths], pinned=False)
    return paths


def packed(bench, path):
    copy = bench.path("packed.hl")
    shutil.copyfile(path, copy)
    run([HEAPLINE, "pack", copy], pinned=False)
    return copy


def measure(bench):
    older, newer = snapshots(bench)
    for key in ("line", "function", "stack", "thread"):
        yield cost_row(bench, f"diff by {key}",
                       [HEAPLINE, "diff", older, newer, "--by", key],
                       f"heapline diff older.hl newer.hl --by {key}")
    yield cost_row(bench, "top by line", [HEAPLINE, "top", newer],
                   "heapline top newer.hl")
    yield cost_row(bench, "info: load and check", [HEAPLINE, "info", newer],
                   "heapline info newer.hl")
    yield cost_row(bench, "the same, packed",
                   [HEAPLINE, "info", packed(bench, newer)],
                   "heapline info packed.hl")
    yield from symbol_rows()


def symbol_rows():
    """100 000 addresses of a program with debug information, first without and
    then with what the cache kept."""
    command = [f"{BIN}/symbolize_bench", HEAPLINE, "100000"]
    for line in run(command, pinned=False).stdout.splitlines():
        found = re.match(r"(\w+) .*: ([\d.]+) s \(CPU ([\d.]+) s\), (\d+) MiB",
                         line)
        if found:
            kind, wall, cpu, mib = found.groups()
            yield Row("reports", f"symbolize, {kind}", {
                "CPU, s": float(cpu), "wall, s": float(wall),
                "memory, GiB": round(int(mib) / 1024, 2)},
                      "symbolize_bench heapline 100000")

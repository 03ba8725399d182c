"""graph_costs.py: what each step of the object graph's analysis costs, on a
made-up heap of ten million blocks with twenty million references."""

import re

from measuring import BIN, Row, in_turns, run, spread

STEP = re.compile(r"(.+): CPU ([\d.]+) s, wall ([\d.]+) s, peak ([\d.]+) GiB")
# What says who holds each block and who keeps how much.
ANALYSIS = ("components", "reachability", "leak kinds",
            "dominators, retained sizes")


def steps_of(stdout):
    """CPU s, wall s and GiB by step, in order."""
    found = (STEP.fullmatch(line) for line in stdout.splitlines())
    return {step[1]: tuple(float(figure) for figure in step.groups()[1:])
            for step in found if step}


def row(name, figures, command):
    return Row("graph", name, {
        "CPU, s": spread([cpu for cpu, _, _ in figures], 2),
        "wall, s": spread([wall for _, wall, _ in figures], 2),
        "memory so far, GiB": round(max(peak for *_, peak in figures), 2)},
               command)


def measure(bench):
    millions = "1" if bench.is_quick else "10"
    command = f"graph_bench --made {millions}"
    runs = in_turns(bench.rounds, {"run": lambda: run(
        [f"{BIN}/graph_bench", "--made", millions], pinned=False)})
    turns = [steps_of(one.stdout) for one in runs["run"]]
    for step in turns[0]:
        yield row(step, [turn[step] for turn in turns], command)
    yield row("of these, analysis", [
        (sum(turn[step][0] for step in ANALYSIS),
         sum(turn[step][1] for step in ANALYSIS),
         max(turn[step][2] for step in ANALYSIS)) for turn in turns], command)

"""CPython's cyclic garbage: `heapline cycles` must find the objects that the
interpreter's own collector would free (python_cycles_probe.py), in five runs
each of its own addresses."""

import collections
import os
import statistics
import unittest

import wrapping

PROBE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "python_cycles_probe.py")
RUNS = 5
LEAST_PRECISION, LEAST_RECALL = 0.99, 0.95
# Words before an object in its block: the collector's two, and two more where
# the instance's dictionary is managed.
HEADS = (0, 16, 32)


class Run:
    """One process: its truth, its snapshot, and what `cycles` says of it."""

    def __init__(self, test, number):
        truth = os.path.join(test.folder, f"truth-{number}")
        test.snapshots = os.path.join(test.folder, f"snapshots-{number}")
        outcome = test.run_traced(
            [test.need("python3"), "-B", PROBE, truth],
            options="signal=USR1:at_exit=0",
            environment=dict(os.environ, PYTHONMALLOC="malloc"))
        test.assertEqual((0, b"", b""),
                         (outcome.status, outcome.stdout, outcome.stderr))
        self.snapshot, = test.snapshots_of()
        with open(truth, encoding="utf-8") as file:
            self.truth = {int(address, 16): name for address, name in
                          (line.split() for line in file)}
        rows = test.report("cycles", self.snapshot)["rows"]
        members = [member for row in rows for member in row["members"]]
        # Memory that belongs to an object, as a list's array, has no type.
        self.found = {member["address"]: member["type"] for member in members
                      if member["type"]}
        self.garbage = {self.block_of(address): name
                        for address, name in self.truth.items()}

    def block_of(self, address):
        """The block that the object lies in, if it was found; or itself."""
        for head in HEADS:
            if address - head in self.found:
                return address - head
        return address

    def right(self):
        return self.found.keys() & self.garbage.keys()

    def precision(self):
        return len(self.right()) / max(1, len(self.found))

    def recall(self):
        return len(self.right()) / max(1, len(self.garbage))


class PythonCycles(wrapping.WrappingTest):
    def what_hides(self, run, address):
        """The shortest chain that seems to hold a missed object."""
        paths = self.report("paths", run.snapshot, hex(address), "-n", "1")
        if not paths["rows"]:
            return "nothing: it hangs on a cycle and is in none"
        path = paths["rows"][0]
        hops = " -> ".join(hop["type"] or hop["site"] for hop in path["hops"])
        return f"{path['root']['kind']} {path['root']['name']} -> {hops}"

    def tell(self, run):
        print(f"precision {run.precision():.4f} recall {run.recall():.4f}: "
              f"{len(run.garbage)} objects in gc.garbage, {len(run.found)} "
              f"found, {len(run.right())} of them right")
        for address in sorted(run.garbage.keys() - run.found.keys())[:20]:
            print(f"  missed {run.garbage[address]} at {address:#x}, held by",
                  self.what_hides(run, address))
        for address in sorted(run.found.keys() - run.garbage.keys())[:20]:
            print(f"  not garbage: {run.found[address]} at {address:#x}")

    def test_cycles_are_what_the_collector_would_free(self):
        runs = [Run(self, number) for number in range(RUNS)]
        for run in runs:
            self.tell(run)
        precision = statistics.median(run.precision() for run in runs)
        recall = statistics.median(run.recall() for run in runs)
        print(f"median of {RUNS}: precision {precision:.4f} "
              f"recall {recall:.4f}")
        self.assertGreaterEqual(precision, LEAST_PRECISION)
        self.assertGreaterEqual(recall, LEAST_RECALL)

    def test_members_have_the_names_of_their_types(self):
        run = Run(self, 0)
        wrong = {address: (run.found[address], run.garbage[address])
                 for address in run.right()
                 if run.found[address].rsplit(".", 1)[-1] !=
                 run.garbage[address]}
        self.assertEqual({}, wrong)
        names = collections.Counter(run.found.values())
        for name in ("Node", "Button", "dict", "list", "function", "cell",
                     "method"):
            self.assertGreaterEqual(names[name], 190, names)

    def test_without_edge_rules_all_is_one_component(self):
        run = Run(self, 0)
        def largest(*options):
            rows = self.report("cycles", run.snapshot, "--reachable",
                               *options)["rows"]
            return max(row["count"] for row in rows)
        blocks = self.info(run.snapshot)["live_count"]
        with_rules, without = largest(), largest("--edge-rules", "none")
        print(f"largest component of {blocks} blocks: {with_rules} with the "
              f"shipped edge rules, {without} without")
        # The collector's list goes through all that it watches, garbage too.
        self.assertGreater(without, with_rules + len(run.garbage))


if __name__ == "__main__":
    unittest.main()

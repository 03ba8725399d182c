"""Totals by node are what the program did, also where no stacks are taken and
nodes share their counters with the process (stackless_counts_probe.c)."""

import collections
import unittest

import snapshot_bytes as form
from probes import ProbeTest

SCOPE = 4  # kind of a node


class StacklessCounts(ProbeTest):
    def expect_counted(self, options):
        probe = self.compile("stackless_counts_probe.c", "-I",
                             form.SOURCE + "/include")
        outcome = self.run_traced([probe], options="at_exit=0:" + options)
        self.assertEqual((0, b""), (outcome.status, outcome.stderr))
        made = {}
        for line in outcome.stdout.decode().splitlines():
            name, *numbers = line.split()
            made[name] = [int(number) for number in numbers]
        snapshot, = self.read_all()
        counted = collections.defaultdict(lambda: [0, 0, 0])
        for node, *numbers in snapshot.counters:
            name = self.scope_of(snapshot, node)
            counted[name] = [a + b for a, b in zip(counted[name], numbers)]
        counted.pop(None, None)
        self.assertEqual(made, counted)

    def scope_of(self, snapshot, node):
        """Name of the innermost scope around a node, or None."""
        names = {labelled: text for labelled, _, text in snapshot.labels}
        while node != 0:
            parent, kind, _, _ = snapshot.nodes[node]
            if kind == SCOPE:
                return names[node]
            node = parent
        return None

    def test_without_stacks(self):
        self.expect_counted("depth=0")

    def test_with_stacks(self):
        self.expect_counted("depth=20")


if __name__ == "__main__":
    unittest.main()

"""Memory that the snapshot's child does not get: what only it may hold is no
direct leak, and `account` knows whose memory it is."""

import json
import unittest

import snapshot_bytes as form
from probes import ProbeTest

INCLUDE = ("-I", form.SOURCE + "/include")
BLOCK_BYTES = 4000


class UnreadMemory(ProbeTest):
    def cut(self, how):
        probe = self.compile("unread_memory_probe.c", *INCLUDE)
        outcome = self.run_traced([probe, how], options="at_exit=0")
        if outcome.status == 77:
            self.skipTest("the kernel has no such memory")
        self.assertEqual((0, b""), (outcome.status, outcome.stderr),
                         repr(outcome))
        self.region_bytes, self.large_bytes, self.block = map(
            int, outcome.stdout.split())
        self.path, = self.snapshots_of()

    def expect_leak(self, kind, status=1):
        """The hidden block is the only one that is not reachable."""
        report = json.loads(self.heapline("leaks", self.path, "--format",
                                          "json", status=status))
        counts = {name: (amount["count"], amount["bytes"])
                  for name, amount in report["kinds"].items()
                  if name != "reachable" and amount["count"] != 0}
        self.assertEqual({kind: (1, BLOCK_BYTES)} if kind else {}, counts)
        return report.get("notes", [])

    def expect_doubt(self, how):
        self.cut(how)
        notes = self.expect_leak("possible")
        self.assertEqual(1, sum("1.00 MiB of memory could not be read" in note
                                for note in notes), notes)

    def test_what_memory_kept_from_children_may_hold_is_no_direct_leak(self):
        self.expect_doubt("dontfork")

    def test_what_memory_emptied_in_children_may_hold_is_no_direct_leak(self):
        self.expect_doubt("wipeonfork")

    def test_nothing_is_read_where_a_block_was_not_copied(self):
        # The child's own pages stand there.
        self.cut("block")
        self.expect_leak("possible")
        snapshot = form.Snapshot(self.path)
        self.assertEqual([], [edge for edge in snapshot.edges
                              if edge[0] == self.block])
        # As the block's bytes, and those of its mapping that are resident.
        self.assertEqual(self.large_bytes + self.region_bytes,
                         snapshot.properties["unreadable_bytes"])

    def test_what_copied_memory_holds_is_no_leak(self):
        self.cut("copied")
        self.assertEqual([], self.expect_leak(None, status=0))

    def test_pages_that_fault_inside_of_a_mapping_end_nothing(self):
        self.cut("guard")
        self.expect_leak(None, status=0)

    def test_what_no_memory_holds_is_a_direct_leak(self):
        self.cut("gone")
        self.assertEqual([], self.expect_leak("direct"))

    def test_memory_kept_from_children_is_accounted_for(self):
        self.cut("dontfork")
        report = self.report("account", self.path)
        anonymous, = [row["bytes"] for row in report["rows"]
                      if row["kind"] == "anonymous"]
        self.assertGreaterEqual(anonymous, self.region_bytes)


if __name__ == "__main__":
    unittest.main()

"""`heapline account` of a program that knows how fragmented its heap is: rows
sum to the RSS, nearly all of it is explained, and fragmentation is named."""

import json
import unittest

import snapshot_bytes as form
from probes import ProbeTest

INCLUDE = ("-I", form.SOURCE + "/include", "-pthread")
MAPPED_BYTES = 8 << 20
THREADS_STACK_BYTES = 256 << 10


class Account(ProbeTest):
    def account(self, *more):
        probe = self.compile("account_probe.c", *INCLUDE)
        outcome = self.run_traced([probe], options="at_exit=0")
        self.assertEqual((0, b""), (outcome.status, outcome.stderr),
                         repr(outcome))
        self.live_bytes = int(outcome.stdout)
        self.path, = self.snapshots_of()
        report = self.report("account", self.path, *more)
        self.bytes_of = {}
        for row in report["rows"]:
            self.bytes_of.setdefault(row["kind"], 0)
            self.bytes_of[row["kind"]] += row["bytes"]
        return report

    def test_half_a_heap_that_is_free_is_explained_and_named(self):
        report = self.account()
        rss_bytes = report["total"]["bytes"]
        self.assertEqual(rss_bytes, sum(row["bytes"] for row in report["rows"]))
        self.assertEqual(rss_bytes, report["process"]["rss_bytes"])
        self.assertGreaterEqual(report["process"]["explained_bytes"],
                                rss_bytes * 0.97, json.dumps(report, indent=1))
        # 32 MiB live, as much free between them: 1040 bytes of heap a block.
        self.assertLess(abs(self.bytes_of["live"] - self.live_bytes),
                        self.live_bytes * 0.02)
        self.assertLess(abs(self.bytes_of["allocator"] - self.live_bytes),
                        self.live_bytes * 0.1)
        self.assertGreaterEqual(self.bytes_of["anonymous"], MAPPED_BYTES)
        self.assertGreaterEqual(self.bytes_of["stacks"], THREADS_STACK_BYTES)
        self.assertTrue(report["process"]["fragmented"])
        text = self.heapline("account", self.path)
        lines = [line for line in text.splitlines()
                 if line.startswith("fragmentation: ")]
        self.assertEqual(1, len(lines), text)

    def test_an_account_compared_with_itself_grows_by_nothing(self):
        self.account()
        report = self.report("account", self.path, self.path)
        self.assertEqual({0}, {row["growth_bytes"] for row in report["rows"]})
        self.assertEqual(0, report["total"]["growth_bytes"])


if __name__ == "__main__":
    unittest.main()

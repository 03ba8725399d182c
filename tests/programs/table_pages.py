"""The live table asks for huge pages for the pieces in which a heap goes on,
and for no others: a small heap's table stays small (table_pages_probe.c)."""

import os
import unittest

from probes import ProbeTest

HUGE_PAGES = "/sys/kernel/mm/transparent_hugepage"
PIECE_KIB = 16 << 10  # for 64 MiB of addresses


@unittest.skipUnless(os.path.isdir(HUGE_PAGES), "the kernel has none")
class TablePages(ProbeTest):
    def asked_for(self, mib):
        """KiB of each mapping with the advice, traced; plain there is none."""
        probe = self.compile("table_pages_probe.c")
        outcome = self.run_traced([probe, str(mib)], options="at_exit=0")
        self.assertEqual((0, b""), (outcome.status, outcome.stderr))
        return [int(line) for line in outcome.stdout.split()]

    def test_a_heap_that_goes_on(self):
        # Wherever it begins, 300 MiB fill three pieces to their ends.
        self.assertGreaterEqual(sum(self.asked_for(300)), 3 * PIECE_KIB)

    def test_a_small_heap(self):
        self.assertLessEqual(sum(self.asked_for(1)), PIECE_KIB)


if __name__ == "__main__":
    unittest.main()

"""Every snapshot is exactly what the program had: the short form of
tests/oracle/run."""

import os
import shutil
import tempfile
import unittest

import oracle
from wrapping import WrappingTest

ALLOCATORS = "/usr/lib/x86_64-linux-gnu"


class Exactness(WrappingTest):
    def expect_equal(self, operations, snapshots=4, **more):
        rows = oracle.check_run(operations=operations, snapshots=snapshots,
                                **more)
        self.assertGreaterEqual(rows[-1]["operations"], operations)
        return rows

    def test_ten_million_operations_of_sixteen_threads(self):
        rows = self.expect_equal(10_000_000, snapshots=20)
        under_load = [row for row in rows if row["kind"] == "load"]
        self.assertEqual(20, len(under_load))
        # The threads did work while the snapshots were cut.
        self.assertGreater(sum(row["operations_since"] for row in under_load),
                           0)
        for row in rows:
            self.assertGreater(row["blocks"], 10_000)

    def test_without_stacks(self):
        self.expect_equal(1_000_000, options="depth=0")

    def test_with_libunwinds_stacks_compared(self):
        self.expect_equal(300_000, threads=4, options="check=100")

    def test_when_memory_for_the_tables_runs_out(self):
        rows = self.expect_equal(500_000, threads=8, short_of_memory=True,
                                 options="max_memory=80M")
        self.assertGreater(rows[-1]["missing"], 0)
        self.assertGreater(rows[-1]["blocks"], 0)

    def expect_equal_behind(self, library):
        path = os.path.join(ALLOCATORS, library)
        if not os.path.exists(path):
            self.skipTest(f"{library} is not installed")
        self.expect_equal(1_000_000, threads=8, allocator=path)

    def test_in_front_of_jemalloc(self):
        self.expect_equal_behind("libjemalloc.so.2")

    def test_in_front_of_tcmalloc(self):
        self.expect_equal_behind("libtcmalloc_minimal.so.4")

    def test_in_front_of_mimalloc(self):
        self.expect_equal_behind("libmimalloc.so.2")

    def test_a_snapshot_of_another_moment_is_told_apart(self):
        """The check itself: what was true a pause ago is no longer."""
        folder = tempfile.mkdtemp(prefix="heapline-oracle-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        run = oracle.Run(folder, 2, 20_000, seed=1)
        self.addCleanup(run.close)
        run.await_pause(1, 60)
        run.background, = run.new_snapshots(1)
        run.resume(1)
        run.await_pause(2, 60)
        _, earlier = run.new_snapshots(2)
        run.compare("pause", earlier)
        run.resume(2)
        run.await_pause(3, 60)
        under_load, later = run.new_snapshots(2)
        for kind, path in (("pause", earlier), ("load", earlier),
                           ("short", earlier)):
            with self.assertRaises(oracle.Difference):
                run.compare(kind, path)
        run.compare("load", under_load)
        run.compare("pause", later)


if __name__ == "__main__":
    unittest.main()

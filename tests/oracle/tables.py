"""The shim's tables under ThreadSanitizer, AddressSanitizer and UBSan: eight
threads and more, cuts over all of it, no report (see tables_stress.cc)."""

import os
import unittest

import oracle
from wrapping import BUILD, WrappingTest


class Tables(WrappingTest):
    def expect_no_report(self, sanitizer, operations, options="", threads=8):
        program = os.path.join(BUILD, "bin", f"tables_stress_{sanitizer}")
        environment = dict(
            os.environ, HEAPLINE_OPTIONS=options,
            TSAN_OPTIONS="history_size=7", UBSAN_OPTIONS="print_stacktrace=1",
            # The blocks that threads hold at the end are no leaks.
            ASAN_OPTIONS="detect_leaks=0")
        outcome = self.run_program(
            [program, str(threads), str(operations), self.snapshots],
            environment=environment)
        self.assertEqual(0, outcome.status, repr(outcome))
        # The tracer's own line, that it does not trace such a program.
        self.assertEqual(1, len(outcome.stderr.splitlines()), repr(outcome))
        oracle.whole(self.snapshots_of())
        return outcome

    def test_no_data_race(self):
        self.expect_no_report("thread", 60_000)

    def test_no_data_race_while_sampling(self):
        self.expect_no_report("thread", 30_000, "sample=4K")

    def test_no_data_race_without_stacks(self):
        self.expect_no_report("thread", 60_000, "depth=0")

    def test_no_data_race_when_memory_runs_out(self):
        self.expect_no_report("thread", 30_000, "max_memory=120M")

    def test_no_wrong_access(self):
        self.expect_no_report("address_undefined", 60_000)

    def test_no_wrong_access_while_sampling(self):
        self.expect_no_report("address_undefined", 30_000, "sample=4K")

    def test_no_wrong_access_when_memory_runs_out(self):
        self.expect_no_report("address_undefined", 30_000, "max_memory=120M")


if __name__ == "__main__":
    unittest.main()

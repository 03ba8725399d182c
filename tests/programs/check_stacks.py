"""check_stacks.py: every call stack of two real programs, compared frame by
frame with libunwind's (check=1): none may differ."""

import os
import unittest

from wrapping import SOURCE, WrappingTest

WORKLOADS = os.path.join(SOURCE, "tests", "bench", "workloads")


class CheckStacks(WrappingTest):
    def assert_no_stack_differs(self, at_least):
        self.assertEqual(len(self.snapshots_of()), 1)
        check = self.info(self.snapshots_of()[0])["check"]
        self.assertGreaterEqual(check["stacks"], at_least)
        self.assertEqual(
            {key: check[key] for key in ("wrong", "shorter", "longer")},
            {"wrong": 0, "shorter": 0, "longer": 0})

    def test_no_stack_of_python3_differs(self):
        environment = self.traced_environment("check=1")
        environment["PYTHONMALLOC"] = "malloc"
        outcome = self.run_program(
            [self.need("python3"), os.path.join(WORKLOADS, "python3.py"), "2"],
            environment)
        self.assertEqual(outcome.status, 0, outcome)
        self.assert_no_stack_differs(1000000)

    def test_no_stack_of_sqlite3_differs(self):
        with open(os.path.join(WORKLOADS, "sqlite3.sql"), "rb") as sql:
            outcome = self.run_program(
                [self.need("sqlite3"), ":memory:"],
                self.traced_environment("check=1"), stdin=sql.read())
        self.assertEqual(outcome.status, 0, outcome)
        self.assert_no_stack_differs(1000000)


if __name__ == "__main__":
    unittest.main()

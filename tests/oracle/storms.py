"""No program notices ten snapshots a second: the short form of
tests/oracle/storm."""

import os
import unittest

import storming
from wrapping import WrappingTest


class Storms(WrappingTest):
    def expect_unnoticed(self, name):
        program, = [program for program in storming.programs()
                    if program.name == name]
        if not program.is_there():
            self.skipTest(f"{name} is not installed")
        row = storming.storm(program, snapshots=30, seconds=3)
        self.assertGreaterEqual(row["snapshots"], 30)

    def test_python3(self):
        self.expect_unnoticed("python3")

    def test_redis_under_load(self):
        self.expect_unnoticed("redis-server")

    def test_node(self):
        self.expect_unnoticed("node")

    def test_sixteen_threads(self):
        self.expect_unnoticed("16 threads")

    def test_the_watch_sees_what_a_program_is_told(self):
        """Its own timer interrupts it: that must be counted."""
        watch = os.path.join(self.folder, "watch")
        with open(watch, "wb") as file:
            file.write(bytes(4096))
        outcome = self.run_program(
            [self.need("python3"), "-c",
             "import signal, time\n"
             "signal.signal(signal.SIGALRM, lambda number, frame: None)\n"
             "signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)\n"
             "time.sleep(0.2)\n"
             "signal.setitimer(signal.ITIMER_REAL, 0)"],
            environment=dict(os.environ, LD_PRELOAD=storming.WATCH,
                             HEAPLINE_EINTR_WATCH=watch))
        self.assertEqual(0, outcome.status, repr(outcome))
        counts = storming.Outcome.read_watch(watch)
        self.assertGreater(counts.get("clock_nanosleep", 0), 0)


if __name__ == "__main__":
    unittest.main()

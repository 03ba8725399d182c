"""SIGKILL while snapshots are written: the short form of tests/oracle/kill."""

import os
import subprocess
import unittest

import killing
from wrapping import HEAPLINE, WrappingTest


class Kills(WrappingTest):
    def test_files_of_killed_programs_are_whole(self):
        result = killing.kill_programs(20, blocks=50_000)
        self.assertEqual(20, result["killed"])
        self.assertGreater(result["whole_files"], 20)

    def test_a_program_outlives_its_writers_and_counts_them(self):
        result = killing.kill_writers(20, blocks=50_000)
        self.assertEqual(20, result["killed"])
        self.assertGreater(result["lost"], 0)

    def test_who_asked_is_told_when_the_writer_was_killed(self):
        os.mkdir(os.path.join(self.folder, "snapshots"))
        writing = killing.Writing(self.folder, 300_000, 2)
        self.addCleanup(writing.close)
        writing.ask()
        writing.answer()
        for _ in range(100):
            asking = subprocess.Popen(
                [HEAPLINE, "snapshot", str(writing.process.pid)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            child = killing.await_child(
                writing.process, lambda: asking.poll() is not None)
            killed = child is not None and killing.kill_if_alive(
                writing.process, child)
            output, errors = asking.communicate(timeout=60)
            for path in writing.files():
                os.unlink(path)
            if killed and not output:
                self.assertEqual(2, asking.returncode)
                self.assertIn("its writer died", errors.decode())
                return
        self.fail("no writer could be killed in time")


if __name__ == "__main__":
    unittest.main()

"""The fault matrix's two foundations: all calls of the tracer go through the
layer that can fail them, and with a sample of the faults no promise breaks."""

import os
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

# pylint: disable=wrong-import-position
import matrix

# Functions of the test build in which the instruction `syscall` may stand.
LAYER = {"OrderedFault", "IsReady", "InjectedFault", "Call"}
OTHERS = {
    "StartWriter",               # clone onto another stack: asks the layer
    "heapline_signal_restorer",  # rt_sigreturn, the end of a handler
    "syscall",                   # the program's own call, before start
}


class SystemCallLayer(unittest.TestCase):
    def test_no_system_call_goes_around_the_layer(self):
        listing = subprocess.run(
            ["objdump", "-d", "--no-show-raw-insn", "-C", matrix.SHIM],
            check=True, capture_output=True, text=True).stdout
        function, found = None, set()
        for line in listing.split("\n"):
            head = re.match(r"[0-9a-f]+ <(.*)>:$", line)
            if head:
                name = re.sub(r"\(anonymous namespace\)::", "", head[1])
                function = re.sub(r"[\[(.].*", "", name).split("::")[-1].strip()
            elif re.search(r"\s(syscall|sysenter|int\s+\$0x80)\b", line):
                found.add(function)
        self.assertEqual(set(), found - LAYER - OTHERS)
        self.assertIn("Call", found)

    def test_a_sample_of_the_faults_breaks_no_promise(self):
        outcome = subprocess.run(
            [sys.executable, "-B", os.path.join(HERE, "run"), "--short"],
            capture_output=True, text=True)
        self.assertEqual(0, outcome.returncode,
                         outcome.stdout[-8000:] + outcome.stderr[-4000:])

    def test_a_broken_promise_is_noticed(self):
        """The judgement itself: a file cut short, a line too few."""
        runner = matrix.Runner()
        try:
            result = runner.run(matrix.SETUPS[0], matrix.Fault(
                "write", "writer", "EIO", 1, True))
            self.assertEqual(([], 5), (result.broken, result.lost))
            runner.plain = (runner.plain[0] + 1,) + runner.plain[1:]
            self.assertNotEqual([], runner.run(matrix.SETUPS[0]).broken)
        finally:
            runner.close()


if __name__ == "__main__":
    unittest.main()

"""stages.py: scenarios of the demonstration program run as `heapline demo` runs
them, plain and under the tracer; with what they printed and what they counted.

A scenario prints the same on both heaps but for times and for resident memory.
"""

import glob
import json
import os
import subprocess
import sys
import tempfile
import unittest

from demo_program import PROGRAM

BUILD = os.environ["HEAPLINE_BUILD_DIR"]
SHIM = os.path.join(BUILD, "lib", "libheapline.so")
HEAPLINE = os.path.join(BUILD, "bin", "heapline")
HEAPS = ("malloc", "pools")


class Run:
    """What a run printed, and what it left in its folder."""

    def __init__(self, folder, text):
        self.folder = folder
        self.text = text
        self.lines = text.splitlines()
        with open(os.path.join(folder, "truth.json"), encoding="utf-8") as file:
            self.truth = json.load(file)

    @property
    def numbers(self):
        return self.truth["numbers"]

    def snapshots(self, under=""):
        """By sequence within the process."""
        files = glob.glob(os.path.join(self.folder, under, "*.hl"))
        return sorted(files, key=lambda path: int(path.split(".")[-2]))


class StageTest(unittest.TestCase):
    maxDiff = 4000

    def start(self, scenario, variant, heap, environment):
        folder = tempfile.TemporaryDirectory(prefix="heapline-stage-")
        self.addCleanup(folder.cleanup)
        environment = {name: value.replace("@", folder.name)
                       for name, value in environment.items()}
        outcome = subprocess.run(
            [PROGRAM, scenario, "--variant", variant, "--heap", heap,
             "--out", folder.name],
            env={**os.environ, **environment}, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=240, check=False)
        self.assertEqual((0, b""), (outcome.returncode, outcome.stderr))
        return Run(folder.name, outcome.stdout.decode())

    def plain(self, scenario, variant="broken", heap="malloc"):
        return self.start(scenario, variant, heap, {})

    def traced(self, scenario, variant="broken", heap="malloc"):
        return self.start(scenario, variant, heap, {
            "LD_PRELOAD": SHIM, "HEAPLINE_OPTIONS": "out=@:at_exit=0"})

    def printed(self, scenario, variant="broken"):
        """What it prints on each heap, which must be one text."""
        texts = [self.plain(scenario, variant, heap).text for heap in HEAPS]
        self.assertEqual(texts[0], texts[1])
        return texts[0]

    def report(self, *arguments):
        outcome = subprocess.run(
            [HEAPLINE, *arguments, "--format", "json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240,
            check=False)
        self.assertEqual(0, outcome.returncode, outcome.stderr.decode())
        return json.loads(outcome.stdout)

    def hold_counts(self, run):
        """The runtime's count of what it took and the tracer's are equal."""
        counts = run.numbers
        pairs = [name for name in counts if name.endswith(" by the runtime")]
        self.assertNotEqual([], pairs)
        for name in pairs:
            by_tracer = name.replace("by the runtime", "by the tracer")
            self.assertEqual(counts[name], counts[by_tracer], name)
            self.assertGreater(counts[name], 0)


def main():
    if not os.path.exists(PROGRAM):
        sys.exit(f"{PROGRAM}: not built")
    unittest.main()

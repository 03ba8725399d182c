"""wrapping.py: programs run plain and under the tracer, and the snapshots that
come of it read through the command line, as a user would.

Nothing here parses a snapshot: what tests learn of one, `heapline` told them.
"""

import glob
import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

SOURCE = os.environ.get(
    "HEAPLINE_SOURCE_DIR",
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("HEAPLINE_BUILD_DIR",
                       os.path.join(SOURCE, "build", "release"))
HEAPLINE = os.path.join(BUILD, "bin", "heapline")
SHIM = os.path.join(BUILD, "lib", "libheapline.so")
SAMPLES = os.path.join(BUILD, "samples", "leaks")

KEYS = ["line", "function", "file", "module", "stack", "type", "thread"]
ALL_ROWS = ["-n", "1000000000"]


class Outcome:
    def __init__(self, process):
        self.status = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr

    def __eq__(self, other):
        return (self.status, self.stdout, self.stderr) == (
            other.status, other.stdout, other.stderr)

    def __repr__(self):
        return (f"status {self.status}\nstdout {self.stdout[-2000:]!r}\n"
                f"stderr {self.stderr[-2000:]!r}")


class WrappingTest(unittest.TestCase):
    """Gives each test a folder of its own, gone afterwards."""

    maxDiff = 4000

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="heapline-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.snapshots = os.path.join(self.folder, "snapshots")
        for path in (HEAPLINE, SHIM):
            self.assertTrue(os.path.exists(path), f"{path}: not built")

    # Programs.

    def need(self, program):
        """Path of a program, or the test is skipped. Not a version manager's
        script that stands in for it: the system's own is wrapped."""
        path = shutil.which(program, path="/usr/bin:/bin:/usr/sbin:/sbin")
        if path is None:
            self.skipTest(f"{program} is not installed")
        return path

    def traced_environment(self, options="", environment=None):
        traced = dict(os.environ if environment is None else environment)
        traced["LD_PRELOAD"] = SHIM
        settings = [f"out={self.snapshots}"]
        if options:
            settings.append(options)
        traced["HEAPLINE_OPTIONS"] = ":".join(settings)
        return traced

    def run_program(self, command, environment=None, stdin=b"", **more):
        more.setdefault("cwd", self.folder)
        more.setdefault("timeout", 240)
        return Outcome(subprocess.run(
            command, env=environment, input=stdin, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **more))

    def run_traced(self, command, options="", environment=None, **more):
        return self.run_program(
            command, environment=self.traced_environment(options, environment),
            **more)

    def expect_same_when_traced(self, command, prepare=None, environment=None,
                                **more):
        """Runs `command` twice plain and once traced: same exit status, and
        the same bytes where the plain runs agree. Returns the traced run."""
        def once(run):
            if prepare:
                prepare()
            return run(command, environment=environment, **more)
        first = once(self.run_program)
        second = once(self.run_program)
        traced = once(self.run_traced)
        self.assertEqual(first.status, second.status, "plain runs differ")
        self.assertEqual(first.status, traced.status, repr(traced))
        if first.stdout == second.stdout:
            self.assertEqual(first.stdout, traced.stdout)
        if first.stderr == second.stderr:
            self.assertEqual(first.stderr, traced.stderr)
        return traced

    def start_traced(self, command, options="", **more):
        """Starts `command` and leaves it running; ended with the test."""
        more.setdefault("cwd", self.folder)
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("stdout", subprocess.DEVNULL)
        process = subprocess.Popen(
            command, env=self.traced_environment(options),
            stderr=subprocess.PIPE, **more)
        def end():
            if process.poll() is None:
                process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()
        self.addCleanup(end)
        return process

    def wait_until(self, is_so, what, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if is_so():
                return
            time.sleep(0.05)
        self.fail(f"not within {seconds} s: {what}")

    # Snapshots.

    def snapshots_of(self, program="*"):
        """By sequence within a process. Fails on a file left half-written."""
        present = os.listdir(self.snapshots) if os.path.isdir(
            self.snapshots) else []
        self.assertEqual(
            [], [name for name in present if not name.endswith(".hl")])
        def order(path):
            parts = os.path.basename(path).split(".")
            return [int(part) for part in parts[-3:-1]]
        return sorted(glob.glob(f"{self.snapshots}/{program}.*.hl"), key=order)

    def heapline(self, *arguments, status=0):
        outcome = self.run_program([HEAPLINE, *arguments])
        self.assertEqual(status, outcome.status,
                         " ".join(arguments) + "\n" + repr(outcome))
        return outcome.stdout.decode()

    def report(self, *arguments):
        return json.loads(self.heapline(*arguments, "--format", "json"))

    def info(self, path):
        rows = self.report("info", path)["rows"]
        self.assertEqual(1, len(rows))
        return rows[0]

    def expect_sums(self, path, keys=KEYS):
        """The invariant: each live byte on one row, rows sum to the total, the
        total is the tracer's own counter; in JSON and in text."""
        whole = self.info(path)
        for key in keys:
            top = self.report("top", path, "--by", key, *ALL_ROWS)
            for field in ("live_bytes", "live_count"):
                total = sum(row[field] for row in top["rows"])
                self.assertEqual(top["total"][field], total,
                                 f"{path} by {key}: rows of {field}")
                self.assertEqual(whole[field], total,
                                 f"{path} by {key}: {field} of info")
            names = [row["key"] for row in top["rows"]]
            self.assertEqual(len(names), len(set(names)), "a key twice")
            text = self.heapline("top", path, "--by", key, *ALL_ROWS)
            self.assertIn(str(whole["live_bytes"]), text.replace(",", ""),
                          f"{path} by {key}: total in text")
        return whole

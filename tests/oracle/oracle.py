"""oracle.py: runs the oracle's program under the tracer and has every snapshot
checked while the program pauses: see oracle_state.h and cut_model.h.

`check_run` is all of it; tests/oracle/run prints what it returns, and
exactness.py asserts it."""

import glob
import json
import mmap
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "programs"))

from wrapping import BUILD, SHIM  # noqa: E402

PROGRAM = os.path.join(BUILD, "bin", "oracle_program")
CHECK = os.path.join(BUILD, "bin", "oracle_check")

# OracleState's first fields, after magic and threads.
PAUSES, RESUMES, MUST_END = 12, 16, 20


class Difference(Exception):
    """A snapshot that is not what the program had, or a program that failed."""


def whole(paths):
    """Raises Difference unless every file is sound to its last byte."""
    for start in range(0, len(paths), 500):
        outcome = subprocess.run([CHECK, "whole", *paths[start:start + 500]],
                                 capture_output=True, check=False)
        if outcome.returncode != 0:
            raise Difference(outcome.stderr.decode().strip())


class Run:
    """One run of the program, round by round."""

    def __init__(self, folder, threads, operations_a_round, seed, options="",
                 allocator=None):
        self.snapshots = os.path.join(folder, "snapshots")
        # Written all the time: in memory where that is possible.
        shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else folder
        handle, self.state_path = tempfile.mkstemp(prefix="heapline-oracle-",
                                                   dir=shared)
        os.close(handle)
        settings = [f"out={self.snapshots}", "signal=USR2", options]
        preload = [SHIM] + ([allocator] if allocator else [])
        environment = dict(os.environ, LD_PRELOAD=":".join(preload),
                           HEAPLINE_OPTIONS=":".join(filter(None, settings)))
        self.errors = open(os.path.join(folder, "stderr"), "w+b")
        self.process = subprocess.Popen(
            [PROGRAM, self.state_path, str(threads), str(operations_a_round),
             str(seed)] + (["no-pvalloc"] if allocator else []), env=environment, stdin=subprocess.DEVNULL,
            stderr=self.errors)
        self.state = None
        self.seen = []
        self.background = None

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.errors.close()
        if self.state is not None:
            self.state.close()
        os.unlink(self.state_path)

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def field(self, offset):
        return struct.unpack_from("<I", self.state, offset)[0]

    def await_pause(self, number, seconds):
        """Until the program has come to pause `number`, counted from 1."""
        end = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise Difference(f"the program ended with "
                                 f"{self.process.returncode}: {self.stderr()}")
            if self.state is None and os.path.getsize(self.state_path) > 4096:
                with open(self.state_path, "r+b") as file:
                    self.state = mmap.mmap(file.fileno(), 4096)
            if self.state is not None and self.field(PAUSES) >= number:
                return
            if time.monotonic() > end:
                raise Difference(f"the program hangs before pause {number}")
            time.sleep(0.002)

    def resume(self, number, must_end=False):
        struct.pack_into("<I", self.state, MUST_END, must_end)
        struct.pack_into("<I", self.state, RESUMES, number)

    def new_snapshots(self, count):
        """The next `count` files, in order, when all have their names."""
        end = time.monotonic() + 120
        while True:
            present = glob.glob(f"{self.snapshots}/*.hl")
            new = sorted(set(present) - set(self.seen),
                         key=lambda path: int(path.split(".")[-2]))
            if len(new) >= count:
                break
            if time.monotonic() > end:
                raise Difference(f"{len(new)} snapshots of {count}: "
                                 f"{self.stderr()}")
            time.sleep(0.005)
        if len(new) > count:
            raise Difference(f"{len(new)} snapshots instead of {count}")
        self.seen += new
        return new

    def compare(self, kind, path):
        outcome = subprocess.run(
            [CHECK, "compare", self.state_path, self.background, kind, path],
            capture_output=True, check=False)
        if outcome.returncode != 0:
            raise Difference(outcome.stderr.decode().strip())
        row = json.loads(outcome.stdout)
        row["kind"] = kind
        return row

    def forget(self, paths):
        """Deletes checked files, so that long runs do not fill the disk."""
        for path in paths:
            if path != self.background:
                os.unlink(path)
        self.seen = [path for path in self.seen if path not in paths]


def check_run(threads=16, operations=10_000_000, snapshots=20, seed=1,
              options="", allocator=None, short_of_memory=False,
              seconds_a_round=3600, each=lambda row: None):
    """Runs the program until it has done `operations`, with so many snapshots
    under load, each followed by one at a pause; then the one at exit. Calls
    `each` with what was compared, returns all rows. Raises Difference."""
    folder = tempfile.mkdtemp(prefix="heapline-oracle-")
    pause_kind = "short" if short_of_memory else "pause"
    rows = []
    run = Run(folder, threads, operations // snapshots, seed, options,
              allocator)

    def check(kind, path, said=None):
        row = run.compare(kind, path)
        row["kind"] = said or kind
        rows.append(row)
        each(row)

    try:
        run.await_pause(1, 60)
        run.background, = run.new_snapshots(1)
        for pause in range(2, snapshots + 2):
            run.resume(pause - 1)
            run.await_pause(pause, seconds_a_round)
            under_load, at_pause = run.new_snapshots(2)
            if short_of_memory:
                whole([under_load])
            else:
                check("load", under_load)
            check(pause_kind, at_pause)
            run.forget([under_load, at_pause])
        run.resume(snapshots + 1, must_end=True)
        if run.process.wait(timeout=120) != 0:
            raise Difference(f"the program ended with "
                             f"{run.process.returncode}: {run.stderr()}")
        at_exit, = run.new_snapshots(1)
        check(pause_kind, at_exit, "exit")
        if not short_of_memory and run.stderr():
            raise Difference(f"on stderr: {run.stderr()}")
        return rows
    finally:
        run.close()
        shutil.rmtree(folder, ignore_errors=True)

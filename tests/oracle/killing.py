"""killing.py: SIGKILL at random instants, of a program that is writing
snapshots and of the child that writes one, and what is left behind.

`kill_programs` and `kill_writers` do so often and return counts; they raise
Difference where a file that has its name is not whole, where the program does
not live on, or where a loss is not counted. tests/oracle/kill prints the
counts, kills.py asserts them."""

import ctypes
import glob
import json
import os
import random
import select
import shutil
import signal
import subprocess
import tempfile
import time

from oracle import Difference, whole
from wrapping import BUILD, HEAPLINE, SHIM

PROGRAM = os.path.join(BUILD, "bin", "kill_program")
PR_SET_CHILD_SUBREAPER = 36
WAIT_CLONES_TOO = 0x40000000  # __WALL


def become_subreaper():
    """The writing child of a killed program becomes ours, to be waited for."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start(folder, blocks, threads, options=""):
    settings = [f"out={folder}/snapshots", options]
    environment = dict(os.environ, LD_PRELOAD=SHIM,
                       HEAPLINE_OPTIONS=":".join(filter(None, settings)))
    with open(os.path.join(folder, "stderr"), "wb") as errors:
        return subprocess.Popen(
            [PROGRAM, str(blocks), str(threads)], env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            bufsize=0, start_new_session=True)


def leftovers(folder):
    return glob.glob(f"{folder}/snapshots/.*.tmp")


def end_of_orphans():
    """Until every process that we inherited has ended."""
    try:
        while True:
            os.waitpid(-1, WAIT_CLONES_TOO)
    except ChildProcessError:
        pass


def kill_programs(count, seed=1, blocks=100_000, threads=4,
                  each=lambda number: None):
    """Kills `count` programs while they write snapshot after snapshot: every
    second one alone, the others with the child that writes (the whole process
    group, as a container's end does)."""
    become_subreaper()
    random_number = random.Random(seed)
    result = {"killed": 0, "whole_files": 0, "killed_with_writer": 0,
              "partial_files": 0}
    for number in range(count):
        folder = tempfile.mkdtemp(prefix="heapline-kill-")
        try:
            process = start(folder, blocks, threads, "quiet=1")
            process.stdin.write(b"s\n" * 1000)
            process.stdin.flush()
            process.stdout.readline()  # the first one is written
            time.sleep(random_number.uniform(0, 0.15))
            with_writer = number % 2 == 1
            if with_writer:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            status = process.wait()
            process.stdin.close()
            process.stdout.close()
            end_of_orphans()
            if status != -signal.SIGKILL:
                raise Difference(f"the program ended by itself: {status}")
            files = glob.glob(f"{folder}/snapshots/*.hl")
            whole(files)
            partial = leftovers(folder)
            # A writer that is left alone finishes its file.
            if partial and not with_writer:
                raise Difference(f"its writer left {partial}")
            result["killed"] += 1
            result["killed_with_writer"] += with_writer
            result["whole_files"] += len(files)
            result["partial_files"] += len(partial)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        each(number + 1)
    return result


def child_of(process):
    """The writing child's process id, or None; whichever thread made it."""
    tasks = f"/proc/{process.pid}/task"
    for task in os.listdir(tasks):
        path = f"{tasks}/{task}/children"
        try:
            with open(path, encoding="ascii") as file:
                children = file.read().split()
        except OSError:
            continue
        if children:
            return int(children[0])
    return None


def await_child(process, is_over=lambda: False, seconds=60):
    """None: it `is_over`, and no child was seen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        child = child_of(process)
        if child is not None:
            return child
        if is_over():
            return None
    raise Difference("the program does not write: it has no child")


def kill_if_alive(process, child):
    """True: the signal went to the writing child while it ran."""
    try:
        handle = os.pidfd_open(child)
    except ProcessLookupError:
        return False
    try:
        if child_of(process) != child:
            return False
        with open(f"/proc/{child}/stat", encoding="ascii") as file:
            if file.read().rsplit(")", 1)[1].split()[0] in "ZX":
                return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        return True
    except (ProcessLookupError, FileNotFoundError):
        return False
    finally:
        os.close(handle)


class Writing:
    """A program that cuts a snapshot when asked, and a record of the losses."""

    def __init__(self, folder, blocks, threads):
        self.folder = folder
        self.process = start(folder, blocks, threads)
        self.written = self.lost = 0

    def ask(self):
        self.process.stdin.write(b"s\n")
        self.process.stdin.flush()

    def has_answered(self):
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def answer(self):
        """True: written. Its file must be there, whole, and alone."""
        said = self.process.stdout.readline()
        if said not in (b"0\n", b"-1\n"):
            raise Difference(f"the program did not live on: {said!r}")
        files = self.files()
        if said == b"0\n":
            self.written += 1
            if len(files) != 1:
                raise Difference(f"it said written: {files}")
            whole(files)
            lost = self.property_of(files[0], "lost_snapshots")
            # Killed while it wrote, a later one could not say so itself.
            if lost != self.lost:
                raise Difference(f"{files[0]}: lost_snapshots {lost}, but "
                                 f"{self.lost} were lost")
        else:
            self.lost += 1
            # Killed after it had the file's name: whole, but not answered for.
            whole(files)
        if leftovers(self.folder):
            raise Difference(f"left behind: {leftovers(self.folder)}")
        for path in files:
            os.unlink(path)
        return said == b"0\n"

    def files(self):
        return glob.glob(f"{self.folder}/snapshots/*.hl")

    @staticmethod
    def property_of(path, name):
        outcome = subprocess.run(
            [HEAPLINE, "info", path, "--format", "json"], check=True,
            capture_output=True)
        return json.loads(outcome.stdout)["rows"][0][name]

    def status(self):
        outcome = subprocess.run(
            [HEAPLINE, "status", str(self.process.pid), "--format", "json"],
            check=True, capture_output=True)
        return json.loads(outcome.stdout)["rows"][0]

    def lines(self):
        with open(os.path.join(self.folder, "stderr"), "rb") as file:
            return file.read().decode().splitlines()

    def end(self):
        """The program ends as it would have: its last words, status 0, and a
        snapshot at exit that counts every loss."""
        self.process.stdin.write(b"q\n")
        self.process.stdin.flush()
        last = self.process.stdout.read()
        status = self.process.wait(timeout=60)
        if (last, status) != (b"end\n", 0):
            raise Difference(f"the program ended with {status}: {last!r}")
        at_exit, = self.files()
        whole([at_exit])
        return self.property_of(at_exit, "lost_snapshots")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def kill_writers(count, seed=1, blocks=100_000, threads=4,
                 each=lambda number: None):
    """Kills the writing child of one program `count` times, at instants spread
    over the time that a snapshot takes."""
    random_number = random.Random(seed)
    folder = tempfile.mkdtemp(prefix="heapline-kill-")
    writing = Writing(folder, blocks, threads)
    try:
        writing.ask()
        writing.answer()
        began = time.monotonic()
        for _ in range(5):
            writing.ask()
            writing.answer()
        usual = (time.monotonic() - began) / 5
        killed = missed = written_although_killed = 0
        while killed < count:
            writing.ask()
            child = await_child(writing.process, writing.has_answered)
            time.sleep(random_number.uniform(0, usual / 2))
            hit = child is not None and kill_if_alive(writing.process, child)
            was_written = writing.answer()
            if not hit and not was_written:
                raise Difference("a snapshot was lost although nobody "
                                 "killed its writer")
            killed += hit
            missed += not hit
            written_although_killed += hit and was_written
            each(killed)
        said_by_status = writing.status()["lost_snapshots"]
        said_at_exit = writing.end()
        lines = [line for line in writing.lines() if "child died" in line]
        if not writing.lost == said_at_exit == said_by_status == len(lines):
            raise Difference(
                f"lost {writing.lost}; status says {said_by_status}, the last "
                f"snapshot {said_at_exit}, and there are {len(lines)} lines")
        if len(lines) != len(writing.lines()):
            raise Difference(f"on stderr: {writing.lines()}")
        return {"killed": killed, "lost": writing.lost,
                "written_although_killed": written_although_killed,
                "ended_before_the_kill": missed, "written": writing.written}
    finally:
        writing.close()
        shutil.rmtree(folder, ignore_errors=True)

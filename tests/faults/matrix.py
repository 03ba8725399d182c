"""matrix.py: one run of the fault probe with one fault, and the judgement on
it: the program as without us, every snapshot either whole under its name or
counted and named in one line, nothing left behind, nobody left running."""

import ctypes
import errno
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "programs"))

# pylint: disable=wrong-import-position
from fault_page import (FaultPage, MODES_UNTRACED, PROGRAM, SCOPES, SHORT,
                        WRITER, call_names)
from snapshot_bytes import SOURCE, Snapshot
from wrapping import BUILD

SHIM = os.path.join(BUILD, "lib", "faults", "libheapline.so")
ERRORS = {name: -getattr(errno, name) for name in
          ("ENOSPC", "EIO", "EINTR", "EMFILE", "ENOMEM", "EACCES", "EPERM")}
ERRORS["short"] = SHORT
# What only set-ups give.
OTHER_ERRORS = {name: -getattr(errno, name) for name in ("ENOSYS", "EEXIST")}
TRANSFERS = {"read", "write", "pread64", "writev"}
STEPS = (1, 2, 3, 5, 10, 30, 100, 300, 1000, 3000)
TIMEOUT_S = 10

# Calls without which no line can be written: what is lost is counted still.
MESSAGE_CALLS = {"writev", "pselect6", "fstat", "rt_sigprocmask"}
# Calls without which a file that nobody wants any more cannot be removed.
REMOVAL_CALLS = {"unlinkat"}

# What nobody can survive: a mask that was set and may never be set back.
UNFAIR = {("rt_sigprocmask", "program")}

LOST = re.compile(
    rb"^heapline: cannot write snapshot \((\w+)\) of fault_probe \((\d+)\): ")


class Fault:
    def __init__(self, call, scope, error, nth, for_ever):
        self.call, self.scope, self.error = call, scope, error
        self.nth, self.for_ever = nth, for_ever

    def is_unfair(self):
        return (self.for_ever and self.nth > 1
                and (self.call, self.scope) in UNFAIR)

    def __str__(self):
        when = f"from {self.nth} on" if self.for_ever else f"no. {self.nth}"
        return f"{self.call} {self.error} in the {self.scope}, {when}"


class Setup:
    """What stands around the fault: options, and other calls that fail, so
    that the tracer takes its other ways. `options` must cut nothing more."""

    def __init__(self, name, options="", faults=()):
        self.name, self.options, self.faults = name, options, faults


FOR_EVER = True
SETUPS = (
    Setup("usual"),
    Setup("timer and talk", ":interval=1h:near_limit=1:verbose=1:on_death=1"),
    Setup("no clone", faults=(
        Fault("clone", "program", "EPERM", 1, FOR_EVER),)),
    Setup("old kernel", faults=(
        Fault("renameat2", "writer", "ENOSYS", 1, FOR_EVER),
        Fault("close_range", "writer", "ENOSYS", 1, FOR_EVER),
        Fault("fallocate", "program", "ENOSYS", 1, FOR_EVER))),
    Setup("name taken", faults=(
        Fault("renameat2", "writer", "EEXIST", 1, not FOR_EVER),)),
    Setup("no proc entries", faults=(
        Fault("close_range", "writer", "ENOSYS", 1, FOR_EVER),
        Fault("getdents64", "program", "EPERM", 1, FOR_EVER))),
    Setup("no wait4", faults=(
        Fault("wait4", "program", "EPERM", 1, FOR_EVER),)),
    Setup("no room", faults=(
        Fault("write", "writer", "ENOSPC", 1, FOR_EVER),)),
)


class Result:
    """What one run came to; `faults` lists the broken promises."""

    def __init__(self):
        self.hits = 0
        self.written = self.lost = self.aside = 0
        self.broken = []
        self.calls = {}


def be_parent_of_orphans():
    set_child_subreaper = 36
    ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


class Runner:
    """Owns a folder with the compiled probe and the plain run's output."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="heapline-faults-")
        self.probe = os.path.join(self.folder, "fault_probe")
        subprocess.run(
            [os.environ.get("HEAPLINE_C_COMPILER", "cc"), "-std=gnu11", "-g",
             "-O1", "-fno-builtin", "-Wall", "-I", f"{SOURCE}/include",
             os.path.join(HERE, "fault_probe.c"), "-o", self.probe,
             "-pthread"], check=True)
        self.numbers = {name: number for number, name in call_names().items()}
        self.names = call_names()
        be_parent_of_orphans()
        plain = [self.start({}) for _ in range(2)]
        outcomes = [self.end(process) for process in plain]
        if outcomes[0] != outcomes[1] or outcomes[0][0] != 3:
            raise RuntimeError(f"the probe alone is not steady: {outcomes}")
        self.plain = outcomes[0]

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, more):
        environment = {"PATH": os.environ["PATH"], "LANG": "C",
                       "XDG_RUNTIME_DIR": os.path.join(self.folder, "run")}
        environment.update(more)
        os.makedirs(environment["XDG_RUNTIME_DIR"], mode=0o700, exist_ok=True)
        return subprocess.Popen(
            [self.probe], env=environment, cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True)

    def end(self, process):
        """(status, stdout, stderr); status None: it hung and was killed."""
        try:
            out, err = process.communicate(timeout=TIMEOUT_S)
            return process.returncode, out, err
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            return None, out, err

    def order_of(self, fault):
        error = ERRORS.get(fault.error) or OTHER_ERRORS[fault.error]
        return (self.numbers[fault.call], error, SCOPES[fault.scope],
                fault.for_ever, fault.nth)

    def run(self, setup, fault=None):
        """Runs the probe once under `fault` and judges the run."""
        out = os.path.join(self.folder, "out")
        for folder in (out, os.path.join(self.folder, "run")):
            shutil.rmtree(folder, ignore_errors=True)
        page_path = os.path.join(self.folder, "page")
        # The examined one first: its number is what counts its hits.
        nothing = (-1, 0, 0, 0, 0)
        page = FaultPage(
            page_path,
            [nothing if fault is None else self.order_of(fault)]
            + [self.order_of(each) for each in setup.faults])
        process = self.start({
            "LD_PRELOAD": SHIM, "HEAPLINE_FAULTS": page_path,
            "HEAPLINE_OPTIONS": f"out={out}:signal=USR2{setup.options}"})
        outcome = self.end(process)
        result = Result()
        result.hits = page.hits()
        for scope in (PROGRAM, WRITER):
            result.calls[scope] = {
                self.names.get(number, str(number)): count
                for number, count in page.calls(scope).items()}
        self.judge_program(outcome, result)
        self.judge_orphans(result)
        self.judge_snapshots(process.pid, page, outcome[2], out, fault, result)
        self.judge_leftovers(out, fault, result)
        page.close()
        return result

    def judge_program(self, outcome, result):
        status, out, err = outcome
        if status is None:
            result.broken.append(f"hung; so far: {out[-300:]!r} {err[-300:]!r}")
            return
        if status != self.plain[0]:
            result.broken.append(f"status {status}, plain {self.plain[0]}")
        if out != self.plain[1]:
            differing = [
                f"{mine!r} (plain: {theirs!r})" for mine, theirs in
                zip(out.split(b"\n"), self.plain[1].split(b"\n"))
                if mine != theirs]
            result.broken.append(f"stdout: {differing[:2]}")
        others = [line for line in err.split(b"\n")
                  if line and not line.startswith(b"heapline: ")]
        if others:
            result.broken.append(f"stderr: {others[:2]}")

    @staticmethod
    def judge_orphans(result):
        """Writers that outlive the program are ours to reap, all of them."""
        give_up = time.monotonic() + 2
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                if time.monotonic() > give_up:
                    break
                time.sleep(0.005)
        result.broken.append("a child still runs after the program's end")
        for status in glob.glob("/proc/[0-9]*/status"):
            try:
                with open(status, encoding="utf-8") as file:
                    if f"\nPPid:\t{os.getpid()}\n" in file.read():
                        os.kill(int(status.split("/")[2]), signal.SIGKILL)
            except OSError:
                pass

    def judge_snapshots(self, main_pid, page, err, out, fault, result):
        reasons = {}  # pid: those of its files
        for path in sorted(glob.glob(f"{out}/*.hl")):
            try:
                says = Snapshot(path).properties
            except (ValueError, KeyError, IndexError) as error:
                result.broken.append(f"not whole: {path}: {error}")
                continue
            reasons.setdefault(says["pid"], []).append(says["reason"])
            result.written += 1
        said = {}
        for line in err.split(b"\n"):
            match = LOST.match(line)
            if match:
                said.setdefault(int(match[2]), []).append(match[1].decode())
        if result.broken:
            return
        for pid, (mode, lost) in page.processes().items():
            wanted = (["api", "exit", "signal"] if pid == main_pid
                      else ["exit"])
            has = sorted(reasons.pop(pid, []))
            named = sorted(said.pop(pid, []))
            if mode in MODES_UNTRACED and not has:
                result.aside += 1
                if b"not traced" not in err and not self.mutes(fault):
                    result.broken.append(f"{pid} not traced, and not a word")
                continue
            result.lost += lost
            if len(has) + lost != len(wanted):
                result.broken.append(
                    f"{pid}: has {has}, {lost} counted as lost")
            elif sorted(has + named) != wanted and not self.mutes(fault):
                result.broken.append(f"{pid}: has {has}, said lost {named}")
        if reasons or said:
            result.broken.append(f"of nobody: {reasons} {said}")

    @staticmethod
    def mutes(fault):
        return fault is not None and fault.call in MESSAGE_CALLS

    @staticmethod
    def judge_leftovers(out, fault, result):
        if fault is not None and fault.call in REMOVAL_CALLS:
            return
        left = [name for name in (os.listdir(out) if os.path.isdir(out) else [])
                if not name.endswith(".hl")]
        pages = glob.glob(os.path.join(os.path.dirname(out), "run", "*", "*"))
        if left or pages:
            result.broken.append(f"left behind: {left + pages}")

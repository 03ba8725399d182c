"""probing.py: what a probe is, and one run of one.

A probe is a function that drives one hazard: it builds programs, runs them and
notes what could be seen from outside. It is called with a World once without a
tracer and then with one; a tracer that changes nothing leaves the same notes.
What only a tracer can get wrong (a snapshot that is not whole, a count that is
not exact) it checks in addition, where `world.heapline` is true.

Probes are registered by the decorator, in the order of the catalogue
(README.md); `run` is the command that runs them.
"""

import collections
import dataclasses
import difflib
import glob
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "programs"))

from snapshot_bytes import Snapshot  # noqa: E402
from wrapping import HEAPLINE, SHIM  # noqa: E402

HEAPTRACK_PATHS = ["/usr/lib/heaptrack/libheaptrack_preload.so",
                   "/usr/lib/x86_64-linux-gnu/heaptrack/libheaptrack_preload.so",
                   "/usr/lib64/heaptrack/libheaptrack_preload.so"]


# Variables that differ between a plain run and a traced one.
TRACERS_OWN = ["LD_PRELOAD", "HEAPLINE_OPTIONS", "DUMP_HEAPTRACK_OUTPUT"]


SPECIAL_FLAGS = ("-fsanitize", "-static", "-m32")


class Skip(Exception):
    """The probe cannot be run on this machine; the text says what is missing."""


class Hang(Exception):
    """A program of the probe did not end in time."""


class Wrong(Exception):
    """What the tracer alone has to answer for was not as promised."""


@dataclasses.dataclass
class Probe:
    name: str          # of the hazard: "B1", or "B1-raw-clone" for a further one
    promise: str       # what must hold, one line
    body: object       # function of a World
    long_only: bool = False
    # A run longer than that hangs; ten times that in long form. A busy machine
    # makes a run of a second take half a minute.
    seconds: int = 120


PROBES = {}


def probe(name, promise, **more):
    def register(body):
        assert name not in PROBES, name
        PROBES[name] = Probe(name, promise, body, **more)
        return body
    return register


Outcome = collections.namedtuple("Outcome", "status stdout stderr")


class Workshop:
    """Programs of the probes, each compiled once. Thread-safe."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="heapline-probes-")
        os.chmod(self.folder, 0o755)
        self._lock = threading.Lock()

    def compile(self, source, *flags, name=None):
        """Path of the program (or, with -shared, the library) made of one
        source file of this folder, or of several joined by blanks."""
        sources = [os.path.join(HERE, part) for part in source.split()]
        stem = name or os.path.splitext(os.path.basename(sources[0]))[0]
        tag = hashlib.sha256(repr((sources, flags)).encode()).hexdigest()[:8]
        target = os.path.join(self.folder, tag, stem)
        is_cxx = any(part.endswith(".cc") for part in sources)
        variable, usual = (("HEAPLINE_CXX_COMPILER", "c++") if is_cxx
                           else ("HEAPLINE_C_COMPILER", "cc"))
        compiler = usual_compiler = os.environ.get(variable, usual)
        if flags and not flags[0].startswith("-"):  # another compiler: first
            compiler, flags = flags[0], flags[1:]
        with self._lock:
            if not os.path.exists(target):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                made = subprocess.run(
                    [compiler, "-std=gnu++17" if is_cxx else "-std=gnu11",
                     "-g", "-O1", "-fno-builtin", "-Wall", f"-I{HERE}",
                     *sources, "-o", target, "-pthread", "-ldl", *flags],
                    stderr=subprocess.PIPE, text=True)
                if made.returncode:
                    what = (f"cannot build {source} {' '.join(flags)}: "
                            + made.stderr.strip()[:300])
                    # What not every machine has: another compiler, runtimes.
                    raise (Skip if compiler != usual_compiler or any(
                        flag.startswith(SPECIAL_FLAGS) for flag in flags)
                        else Wrong)(what)
        return target

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class World:
    """One run of one probe under one tracer: "plain", "heapline" or
    "heaptrack". A folder of its own, which is the working directory."""

    def __init__(self, probe_, tracer, workshop, is_long, seed):
        self.probe = probe_
        self.tracer = tracer
        self.workshop = workshop
        self.is_long = is_long
        self.seed = seed  # the same plain and traced
        self.seconds = probe_.seconds * (10 if is_long else 1)
        self.folder = tempfile.mkdtemp(prefix="heapline-probe-")
        os.chmod(self.folder, 0o755)
        self.snapshots = os.path.join(self.folder, "snapshots")
        self.notes = []
        self._cleanups = []

    @property
    def heapline(self):
        return self.tracer == "heapline"

    def pick(self, short, long_):
        """One of two sizes: for the short form and for the long one."""
        return long_ if self.is_long else short

    # Programs.

    def compile(self, source, *flags, name=None):
        return self.workshop.compile(source, *flags, name=name)

    def need(self, program):
        """Path of one of the system's own programs."""
        path = shutil.which(program, path="/usr/bin:/bin:/usr/sbin:/sbin")
        if path is None:
            raise Skip(f"{program} is not installed")
        return path

    def environment(self, options="", **changes):
        """The same variables in every mode, and the tracer's in its own."""
        variables = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C",
                     "HOME": "/tmp", "PROBE": self.probe.name, **changes}
        if self.tracer == "heapline":
            variables["LD_PRELOAD"] = SHIM
            settings = [f"out={self.snapshots}"] + ([options] if options else [])
            variables["HEAPLINE_OPTIONS"] = ":".join(settings)
        elif self.tracer == "heaptrack":
            variables["LD_PRELOAD"] = heaptrack_shim()
            variables["DUMP_HEAPTRACK_OUTPUT"] = os.path.join(
                self.folder, "heaptrack.$$.trace")  # $$: it puts the pid
        return variables

    def preload_with(self, *others, first=True, options="", **changes):
        """environment() with further libraries preloaded, the tracer first of
        all or (first=False) last."""
        variables = self.environment(options, **changes)
        own = [variables["LD_PRELOAD"]] if "LD_PRELOAD" in variables else []
        order = own + list(others) if first else list(others) + own
        variables["LD_PRELOAD"] = " ".join(order)
        return variables

    def behind(self, launcher, command, options=""):
        """(command, environment): an untraced `launcher` that starts the
        traced `command` in surroundings of its own making."""
        plain = self.environment()
        traced = self.environment(options)
        settings = [f"{name}={value}" for name, value in traced.items()
                    if value != plain.get(name) or name in TRACERS_OWN]
        for name in TRACERS_OWN:
            plain.pop(name, None)
        return [*launcher, "/usr/bin/env", *settings, *command], plain

    def run(self, command, options="", environment=None, stdin=b"",
            compare=True, tells=None, **more):
        """Runs to the end and notes status and output (unless compare=False).
        `options` are further HEAPLINE_OPTIONS, used under heapline alone.
        `tells` is a range: so many lines of its own the tracer may say, which
        are taken out of stderr."""
        more.setdefault("cwd", self.folder)
        process = subprocess.Popen(
            command, env=environment or self.environment(options),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True, **more)
        try:
            stdout, stderr = process.communicate(stdin, timeout=self.seconds)
        except subprocess.TimeoutExpired:
            end_group(process)
            raise Hang(f"{os.path.basename(command[0])} did not end in "
                       f"{self.seconds} s") from None
        return self._noted(process, stdout, stderr, compare, tells)

    def _noted(self, process, stdout, stderr, compare, tells=None):
        """The folder's name differs from run to run: it is no difference."""
        if tells is not None or self.tracer == "heaptrack":
            stderr, told = without_tracers_lines(stderr)
            if self.heapline:
                self.check(len(told) in tells, f"it said {told!r}")
        own = self.folder.encode()
        outcome = Outcome(process.returncode, stdout.replace(own, b"FOLDER"),
                          stderr.replace(own, b"FOLDER"))
        if compare:
            for name, value in outcome._asdict().items():
                self.note(name, value)
        return outcome

    def start(self, command, options="", environment=None, **more):
        """Starts a program that runs on; it is killed with the probe's end."""
        more.setdefault("cwd", self.folder)
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        process = subprocess.Popen(
            command, env=environment or self.environment(options),
            start_new_session=True, **more)
        self._cleanups.append(lambda: end_group(process))
        return process

    def finish(self, process, compare=True, tells=None):
        """Awaits a started program and notes status and output."""
        try:
            stdout, stderr = process.communicate(timeout=self.seconds)
        except subprocess.TimeoutExpired:
            raise Hang(f"{process.args[0]} did not end") from None
        return self._noted(process, stdout, stderr, compare, tells)

    def send(self, process, text):
        """Writes to a started program's stdin; one that is dead is found so
        when it is awaited."""
        try:
            process.stdin.write(text)
            process.stdin.flush()
        except BrokenPipeError:
            pass

    def wait_until(self, is_so, what):
        end = time.monotonic() + self.seconds
        while not is_so():
            if time.monotonic() > end:
                raise Hang(f"not within {self.seconds} s: {what}")
            time.sleep(0.005)

    # What was seen.

    def note(self, name, value):
        """Something the tracer must not change."""
        self.notes.append((name, value))

    def check(self, is_so, what):
        """Something the tracer promises; for use where heapline is true."""
        if not is_so:
            raise Wrong(what)

    def equal(self, expected, seen, what):
        self.check(expected == seen, f"{what}: expected {expected!r}, "
                                     f"found {seen!r}")

    # Snapshots.

    def files_of(self, program="*"):
        """Paths by process and sequence. Wrong where a temporary file was left."""
        present = (os.listdir(self.snapshots)
                   if os.path.isdir(self.snapshots) else [])
        left = [name for name in present if not name.endswith(".hl")]
        self.check(not left, f"temporary files left: {left[:3]}")
        return sorted(glob.glob(f"{self.snapshots}/{program}.*.hl"),
                      key=lambda path: [int(part) for part in
                                        os.path.basename(path).split(".")[-3:-1]])

    def snapshots_of(self, program="*"):
        """All of them, each read whole (checksums, end mark) or Wrong."""
        return [read_whole(path) for path in self.files_of(program)]

    def properties(self, path):
        """The properties of one snapshot, by name."""
        return read_whole(path).properties

    def command(self, *arguments):
        """The heapline command itself, unwrapped: its outcome."""
        done = subprocess.run([HEAPLINE, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=self.seconds)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def close(self):
        for cleanup in reversed(self._cleanups):
            cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


def end_group(process):
    """Kills a program with all it started in its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            try:
                stream.close()
            except BrokenPipeError:
                pass  # what was still to be written is of no use now


def without_tracers_lines(stderr):
    """(what the program wrote, the lines that a tracer wrote)."""
    lines = stderr.splitlines(keepends=True)
    told = [line for line in lines if line.startswith(b"heapline: ")
            or b"heaptrack" in line]
    return b"".join(line for line in lines if line not in told), told


def blocks_of(snapshot, requested_bytes):
    """How many live blocks of that size a snapshot has."""
    return sum(1 for block in snapshot.blocks if block[1] == requested_bytes)


def read_whole(path):
    try:
        return Snapshot(path)
    except Exception as error:
        raise Wrong(f"{os.path.basename(path)} is not whole: {error}") from error


def heaptrack_shim():
    for path in HEAPTRACK_PATHS:
        if os.path.exists(path):
            return path
    raise Skip("heaptrack is not installed")


# One run, judged.

Verdict = collections.namedtuple("Verdict", "word detail seconds")


def observe(probe_, tracer, workshop, is_long, seed):
    """(notes, word, detail): word is "ok", "hang", "wrong" or "skipped"."""
    world = World(probe_, tracer, workshop, is_long, seed)
    try:
        probe_.body(world)
        return world.notes, "ok", ""
    except Skip as reason:
        return None, "skipped", str(reason)
    except Hang as reason:
        return None, "hang", str(reason)
    except Wrong as reason:
        return None, "wrong", str(reason)
    except Exception:  # of the probe itself: told as what it is
        return None, "broken", traceback.format_exc()[-1000:]
    finally:
        world.close()


def first_difference(plain, traced):
    for before, after in zip(plain, traced):
        if before != after:
            return f"{before[0]}: {line_difference(before[1], after[1])}"
    return f"{len(plain)} notes plain, {len(traced)} traced"


def line_difference(plain, traced):
    if not isinstance(plain, bytes) or not isinstance(traced, bytes):
        return f"plain {plain!r}, traced {traced!r}"
    lines = difflib.unified_diff(
        plain.decode(errors="backslashreplace").splitlines(),
        traced.decode(errors="backslashreplace").splitlines(),
        "plain", "traced", lineterm="", n=0)
    return "\n    ".join(["", *lines])[:2000]


def judge(probe_, tracer, workshop, is_long):
    """Runs a probe plain and under `tracer`, and compares."""
    seed = random.SystemRandom().getrandbits(32)
    plain, word, detail = observe(probe_, "plain", workshop, is_long, seed)
    if word != "ok":
        # The hazard itself must be survivable; else the probe proves nothing.
        return Verdict("skipped" if word == "skipped" else "broken",
                       f"plain run: {word} {detail}", 0)
    begin = time.monotonic()
    traced, word, detail = observe(probe_, tracer, workshop, is_long, seed)
    seconds = time.monotonic() - begin
    if word == "ok" and plain != traced:
        word, detail = "differs", first_difference(plain, traced)
    return Verdict(word, detail, seconds)

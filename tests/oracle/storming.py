"""storming.py: programs under a storm of snapshots, ten a second, against the
same programs in calm. Each does rounds of work whose output is the same in
every run (redis answers a client's), so that runs of any length compare line by
line; eintr_watch.c counts the EINTR that a program is told.

`storm` runs one program in its three ways and returns the figures; it raises
Difference where anything differs. tests/oracle/storm prints a table of them,
storms.py asserts short ones."""

import glob
import hashlib
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time

from oracle import HERE, Difference, whole
from wrapping import BUILD, HEAPLINE, SHIM

WATCH = os.path.join(BUILD, "lib", "libheapline_eintr_watch.so")
INTERVAL = "100ms"
SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"


def watched_functions():
    with open(os.path.join(HERE, "eintr_watch.c"), encoding="utf-8") as file:
        return re.findall(r"^  ROW\(\w+, (\w+),", file.read(), re.M) + [
            "clock_nanosleep"]


class Program:
    """A program that prints a line a round until a file named `stop` is there."""

    def __init__(self, name, command):
        self.name = name
        self.command = command
        self.executable = shutil.which(command[0], path=SYSTEM_PATH)
        self.unit = "rounds"

    def is_there(self):
        return self.executable is not None

    def command_line(self, stop):
        return [self.executable, *self.command[1:], stop]

    def drive(self, folder, goes_on):
        """Called while the program runs; returns when it need not go on."""
        while goes_on():
            time.sleep(0.05)

    def end(self, stop):
        with open(stop, "wb"):
            pass

    def lines_and_work(self, folder):
        """What it put out, and how much work that was."""
        with open(os.path.join(folder, "stdout"), "rb") as file:
            lines = file.read().splitlines()
        return lines, len(lines)


class Redis(Program):
    """redis-server under redis-benchmark, beside a client whose commands and so
    whose replies are the same in every run."""

    REQUESTS = 5000
    TESTS = "set,get,incr,lpush,lpop,sadd,hset,zadd"

    def __init__(self):
        super().__init__("redis-server", ["redis-server"])
        self.unit = "requests"
        self.lines = []
        self.requests = 0
        self.client = None
        self.replies = None
        self.benchmark = shutil.which("redis-benchmark", path=SYSTEM_PATH)

    def is_there(self):
        return super().is_there() and self.benchmark is not None

    def command_line(self, stop):
        self.path = os.path.join(os.path.dirname(stop), "socket")
        return [self.executable, "--port", "0", "--save", "",
                "--unixsocket", self.path, "--dir", os.path.dirname(stop)]

    def connect(self):
        end = time.monotonic() + 60
        while True:
            self.client = socket.socket(socket.AF_UNIX)
            try:
                self.client.connect(self.path)
                break
            except OSError:
                self.client.close()
                if time.monotonic() > end:
                    raise Difference("redis does not answer") from None
                time.sleep(0.05)
        self.client.settimeout(60)
        self.replies = self.client.makefile("rb")

    def ask(self, *words):
        self.client.sendall(b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (len(word), word)
            for word in (str(word).encode() for word in words)))
        return self.reply()

    def reply(self):
        line = self.replies.readline()
        if line[:1] == b"$" and line != b"$-1\r\n":
            return self.replies.read(int(line[1:]) + 2)
        if line[:1] == b"*":
            return [self.reply() for _ in range(int(line[1:]))]
        return line

    def round(self, number):
        digest = hashlib.sha256()
        self.ask("FLUSHDB")
        for i in range(50):
            key = f"key{(i * number) % 97}"
            for command in (("SET", key, "x" * (i * 37 % 2000)),
                            ("APPEND", key, number), ("GET", key),
                            ("RPUSH", "list", key), ("ZADD", "set", i, key),
                            ("HSET", "hash", key, number + i)):
                digest.update(repr(self.ask(*command)).encode())
        for command in (("LRANGE", "list", 0, -1), ("ZRANGE", "set", 0, -1),
                        ("HLEN", "hash"), ("SORT", "list", "ALPHA"),
                        ("DBSIZE",)):
            digest.update(repr(self.ask(*command)).encode())
        self.lines.append(digest.hexdigest())

    def drive(self, folder, goes_on):
        self.lines, self.requests = [], 0
        self.connect()
        self.ask("SELECT", 1)
        loading = None
        while goes_on():
            if loading is None or loading.poll() is not None:
                self.count_requests(loading)
                loading = subprocess.Popen(
                    [self.benchmark, "-s", self.path, "-n", str(self.REQUESTS),
                     "-c", "32", "-r", "10000", "-t", self.TESTS, "--csv"],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.round(len(self.lines))
        self.count_requests(loading)

    def count_requests(self, loading):
        if loading is None:
            return
        output, errors = loading.communicate(timeout=120)
        tests = output.decode().splitlines()[1:]
        if loading.returncode != 0 or len(tests) != len(self.TESTS.split(",")):
            raise Difference(f"redis-benchmark: {output!r} {errors!r}")
        self.requests += self.REQUESTS * len(tests)

    def end(self, stop):
        self.client.sendall(b"SHUTDOWN NOSAVE\r\n")
        self.replies.read()
        self.replies.close()
        self.client.close()

    def lines_and_work(self, folder):
        return self.lines, self.requests


def programs():
    return [
        Program("python3", ["python3", os.path.join(HERE, "storm_work.py")]),
        Redis(),
        Program("node", ["node", os.path.join(HERE, "storm_work.js")]),
        Program("16 threads", [os.path.join(BUILD, "bin", "storm_program")]),
    ]


class Outcome:
    """One run: `way` is plain, traced or storm."""

    def __init__(self, program, way, seconds, snapshots):
        self.folder = tempfile.mkdtemp(prefix="heapline-storm-")
        try:
            self.run(program, way, seconds, snapshots)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program, way, seconds, snapshots):
        in_folder = lambda name: os.path.join(self.folder, name)  # noqa: E731
        watch = in_folder("watch")
        with open(watch, "wb") as file:
            file.write(bytes(4096))
        environment = dict(os.environ, LD_PRELOAD=WATCH,
                           HEAPLINE_EINTR_WATCH=watch, PYTHONHASHSEED="0")
        if way != "plain":
            options = f"out={self.folder}/snapshots:at_exit=0"
            if way == "storm":
                options += f":interval={INTERVAL}:keep=5"
            environment.update(LD_PRELOAD=f"{SHIM}:{WATCH}",
                               HEAPLINE_OPTIONS=options)
        began = time.monotonic()
        with open(in_folder("stdout"), "wb") as stdout, \
                open(in_folder("stderr"), "wb") as stderr:
            process = subprocess.Popen(
                program.command_line(in_folder("stop")), env=environment,
                stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                cwd=self.folder)
        self.pid = process.pid
        # So long that only a program that hangs is given up.
        give_up = began + 60 + max(seconds, snapshots * 3)

        def goes_on():
            if process.poll() is not None:
                raise Difference(f"{program.name} ended with "
                                 f"{process.returncode}: {self.errors()}")
            if time.monotonic() > give_up:
                raise Difference(f"{program.name} has cut {self.cuts()} "
                                 f"snapshots only")
            if way == "storm":
                return self.cuts() < snapshots
            return time.monotonic() - began < seconds

        try:
            program.drive(self.folder, goes_on)
            program.end(in_folder("stop"))
            self.status = process.wait(timeout=60)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.seconds = time.monotonic() - began
        self.lines, self.work = program.lines_and_work(self.folder)
        self.stderr = self.errors()
        self.snapshots = self.cuts()
        self.interrupted = self.read_watch(watch)
        self.check_files()

    def errors(self):
        with open(os.path.join(self.folder, "stderr"), "rb") as file:
            return file.read()

    def files(self):
        return glob.glob(f"{self.folder}/snapshots/*.{self.pid}.*.hl")

    def cuts(self):
        """Files are numbered; the older ones are deleted (keep=5)."""
        numbers = [int(path.split(".")[-2]) for path in self.files()]
        return max(numbers) + 1 if numbers else 0

    @staticmethod
    def read_watch(path):
        names = watched_functions()
        with open(path, "rb") as file:
            counts = struct.unpack(f"<{len(names)}Q", file.read(8 * len(names)))
        return {name: count for name, count in zip(names, counts) if count}

    def check_files(self):
        files = self.files()
        whole(files)
        for path in files:
            said = subprocess.run([HEAPLINE, "info", path, "--format", "json"],
                                  check=True, capture_output=True).stdout
            row = json.loads(said)["rows"][0]
            if row["threads_not_stopped"] or row["lost_snapshots"]:
                raise Difference(f"{path}: {row}")


def storm(program, snapshots, seconds):
    """One program plain and traced for so long, then under so many snapshots.
    Returns the row of the table."""
    outcomes = {way: Outcome(program, way, seconds, snapshots)
                for way in ("plain", "traced", "storm")}
    plain = outcomes["plain"]
    row = {"program": program.name, "unit": program.unit,
           "snapshots": outcomes["storm"].snapshots,
           "seconds": round(outcomes["storm"].seconds, 1)}
    for way, outcome in outcomes.items():
        if (outcome.status, outcome.stderr) != (plain.status, plain.stderr):
            raise Difference(f"{program.name}, {way}: status {outcome.status},"
                             f" {outcome.stderr!r}")
        common = min(len(outcome.lines), len(plain.lines))
        if common == 0:
            raise Difference(f"{program.name}, {way}: no output")
        row[f"{way}_per_second"] = round(outcome.work / outcome.seconds, 1)
        row[f"{way}_interrupted"] = sum(outcome.interrupted.values())
        row[f"{way}_lines"] = len(outcome.lines)
        row[f"{way}_differing"] = sum(
            mine != theirs for mine, theirs in zip(outcome.lines, plain.lines))
        if row[f"{way}_differing"]:
            raise Difference(f"{program.name}, {way}: "
                             f"{row[f'{way}_differing']} lines differ")
        if outcome.interrupted:
            raise Difference(f"{program.name}, {way}: was told EINTR: "
                             f"{outcome.interrupted}")
    return row

"""program_costs.py: CPU of four real programs, as ratios to the plain run of
the same turn: forwarding only (start=0), every allocation with its whole stack,
the same by libunwind, and heaptrack where it is installed (its command, as a
user starts it, and its recording alone, before what it wrote can be read).
"""

import os
import shutil
import subprocess
import time

from measuring import (BIN, SHIM, WORKLOADS, Row, environment_with, in_turns, ratios,
                       run, say, spread, stay_on_one_processor)

HEAPTRACK_PRELOAD = "/usr/lib/heaptrack/libheaptrack_preload.so"
REDIS_PORT = "16399"
BENCHMARK = ["-n", "150000", "-r", "100000", "-c", "20", "-P", "16", "-t",
             "set,lpush,get", "-d", "64"]


def heapline(bench, options=""):
    settings = "out=" + bench.path("snapshots")
    return [], {"LD_PRELOAD": SHIM,
                "HEAPLINE_OPTIONS": settings + (options and ":" + options)}


def variants(bench):
    """name -> (what stands before the command, environment)."""
    known = {
        "plain": ([], {}),
        "start=0": heapline(bench, "start=0"),
        "heapline": heapline(bench),
        "libunwind": heapline(bench, "unwinder=libunwind"),
    }
    if shutil.which("heaptrack"):
        known["heaptrack"] = (
            ["heaptrack", "-o", bench.path("heaptrack.data")], {})
    if os.path.exists(HEAPTRACK_PRELOAD):
        known["heaptrack, recording alone"] = (
            [], {"LD_PRELOAD": HEAPTRACK_PRELOAD,
                 "DUMP_HEAPTRACK_OUTPUT": bench.path("heaptrack.data.raw")})
    return known


def remove_output(bench):
    shutil.rmtree(bench.path("snapshots"), ignore_errors=True)
    for name in os.listdir(bench.folder):
        if name.startswith("heaptrack.data"):
            os.remove(bench.path(name))


class Program:
    def __init__(self, name, command, stdin=None, additions=None):
        self.name = name
        self.command = command
        self.stdin = stdin
        self.additions = additions or {}

    def text(self):
        words = [f"{k}={v}" for k, v in self.additions.items()]
        words += [os.path.basename(word) if os.path.isabs(word) else word
                  for word in self.command]
        if self.stdin:
            words += ["<", os.path.basename(self.stdin)]
        return " ".join(words)

    def cpu(self, bench, variant):
        prefix, additions = variant
        taken = run([*prefix, *self.command], {**self.additions, **additions},
                    self.stdin)
        remove_output(bench)
        return taken.cpu


class Redis(Program):
    """The server's CPU, under a client that is not counted."""

    def __init__(self):
        super().__init__("redis", [
            "redis-server", "--save", "", "--appendonly", "no", "--port",
            REDIS_PORT, "--bind", "127.0.0.1"])

    def text(self):
        return " ".join(["redis-server under redis-benchmark", *BENCHMARK])

    def cpu(self, bench, variant):
        prefix, additions = variant
        server = subprocess.Popen(
            [*prefix, *self.command], env=environment_with(additions),
            preexec_fn=stay_on_one_processor,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd=bench.folder)
        self.client(["redis-cli", "-p", REDIS_PORT, "ping"], until_ready=True)
        self.client(["redis-benchmark", "-p", REDIS_PORT, "-q", *BENCHMARK])
        self.client(["redis-cli", "-p", REDIS_PORT, "shutdown", "nosave"])
        _, status, usage = os.wait4(server.pid, 0)
        server.returncode = os.waitstatus_to_exitcode(status)
        if status != 0:
            raise RuntimeError(f"redis-server ended with status {status}")
        remove_output(bench)
        return usage.ru_utime + usage.ru_stime

    @staticmethod
    def client(command, until_ready=False):
        end = time.monotonic() + 30
        while True:
            done = subprocess.run(command, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
            if done.returncode == 0:
                return
            if not until_ready or time.monotonic() > end:
                raise RuntimeError(" ".join(command) + ": failed")
            time.sleep(0.05)


def cc1plus(bench):
    compiler = shutil.which("g++")
    if compiler is None:
        return None
    source = bench.path("X.ii")
    subprocess.run([compiler, "-std=c++17", "-E",
                    os.path.join(WORKLOADS, "cc1plus.cpp"), "-o", source],
                   check=True)
    program = subprocess.run([compiler, "-print-prog-name=cc1plus"],
                             check=True, stdout=subprocess.PIPE)
    return Program("cc1plus", [program.stdout.decode().strip(), "-quiet",
                               "-fpreprocessed", "-O1", source, "-o",
                               os.devnull])


def programs(bench):
    if os.access("/usr/bin/python3", os.X_OK):
        yield Program("python3", ["/usr/bin/python3",
                                  os.path.join(WORKLOADS, "python3.py"), "1"],
                      additions={"PYTHONMALLOC": "malloc"})
    if shutil.which("sqlite3"):
        yield Program("sqlite3", ["sqlite3", ":memory:"],
                      stdin=os.path.join(WORKLOADS, "sqlite3.sql"))
    compiler = cc1plus(bench)
    if compiler:
        yield compiler
    if shutil.which("redis-server") and shutil.which("redis-benchmark"):
        yield Redis()
    yield Program("tree", [os.path.join(BIN, "alloc_tree"), "1"])
    yield Program("json", [os.path.join(BIN, "alloc_json"), "60"])


def row_of(program, taken):
    plain = taken["plain"]
    figures = {"plain, s": spread(plain, 2)}
    for name, cpu in taken.items():
        if name != "plain":
            figures[f"{name}, ×"] = spread(ratios(cpu, plain), 2)
    ours = figures["heapline, ×"]["min"] - 1
    for peer in ("heaptrack", "heaptrack, recording alone"):
        if peer in taken:
            theirs = figures[f"{peer}, ×"]["min"] - 1
            figures[f"added, of {peer}'s"] = round(ours / theirs, 2)
    return Row("programs", program.name, figures, program.text())


def measure(bench):
    rounds = bench.rounds if bench.is_quick else max(5, bench.rounds)
    known = variants(bench)
    for program in programs(bench):
        say(f"  {program.name}")
        yield row_of(program, in_turns(rounds, {
            name: (lambda variant=variant: program.cpu(bench, variant))
            for name, variant in known.items()}))

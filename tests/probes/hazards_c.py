"""Hazards C: the process's surroundings: descriptors, files, limits, filters,
namespaces, clocks. What it asks of memory is in hazards_c_memory.py."""

import os
import random
import shutil
import signal
import subprocess
import time

from probing import HERE, Hang, Skip, blocks_of, probe

OFTEN = "interval=20ms:growth=1M"


def contents(world, *names):
    """The bytes of files in the probe's folder, compared as they are."""
    for name in names:
        with open(os.path.join(world.folder, name), "rb") as file:
            world.note(name, file.read())


def expect_snapshots(world, program, least):
    if world.heapline:
        found = world.snapshots_of(program)
        world.check(len(found) >= least, f"{len(found)} snapshots")


@probe("C1", "descriptors closed and taken again while snapshots are cut")
def closed_descriptors(world):
    program = world.compile("c_closes_all.c")
    for way in ("loop", "closefrom", "close_range"):
        world.run([program, way], options=OFTEN)
    expect_snapshots(world, "c_closes_all", 6)


@probe("C1-standard", "started without descriptors 0, 1 and 2")
def no_standard_files(world):
    program = world.compile("c_no_standard_files.c")
    without = ["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh"]
    line, environment = world.behind(without, [program],
                                     options=OFTEN + ":verbose=1")
    world.run(line, environment=environment)
    contents(world, "as-0", "as-1", "as-2")
    expect_snapshots(world, "c_no_standard_files", 2)


@probe("C1-java", "a JVM starts programs and closes all descriptors between")
def java_process_builder(world):
    java, javac = world.need("java"), world.need("javac")
    classes = os.path.join(world.workshop.folder, "java")
    if not os.path.isdir(classes):
        subprocess.run([javac, "-d", classes,
                        os.path.join(HERE, "c_process_builder.java")],
                       check=True, capture_output=True)
    world.run([java, "-Xint", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp",
               classes, "ProcessBuilderProbe"], options="depth=16")
    expect_snapshots(world, "java", 1)


@probe("C2", "RLIMIT_FSIZE: no SIGXFSZ of ours, the program's own stays")
def file_size_limit(world):
    world.run([world.compile("c_file_limits.c")], options="interval=20ms",
              tells=range(1, 100))


@probe("C2-fifo", "pipes stand where snapshots should go")
def fifo_output(world):
    program = world.compile("keeps_blocks.c")
    pipe = os.path.join(world.folder, "pipe")
    os.mkfifo(pipe)
    world.run([program], options=f"out={pipe}", tells=range(0, 2))
    world.run([program], options=f"out={pipe}/%p.%n", tells=range(0, 2))
    for number in range(3):
        os.mkfifo(f"{pipe}{number}")
    world.run([program], options=f"out={pipe}%n", tells=range(0, 2))


@probe("C2-sigpipe", "the reader of stderr is gone when something is said")
def broken_standard_error(world):
    reader, writer = os.pipe()
    os.close(reader)
    process = world.start([world.compile("keeps_blocks.c")], stderr=writer,
                          options="verbose=1:nonsense=1:interval=1ms")
    os.close(writer)
    stdout, _ = process.communicate(timeout=world.seconds)
    world.note("outcome", (process.returncode, stdout))


def state_and_parent(pid):
    """As /proc has them, ("X", 0) of a process that is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            state, parent = file.read().rsplit(") ", 1)[1].split()[:2]
            return state, int(parent)
    except OSError:
        return "X", 0


def writers_of(pid):
    """Processes that `pid` has started and that have not ended."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        state, parent = state_and_parent(name)
        if parent == pid and state not in "ZX":
            found.append(int(name))
    return found


def begun(world, options):
    process = world.start([world.compile("c_endless.c")], options=options)
    process.stdout.readline()
    return process


def whole_files(world):
    """Everything that has a snapshot's name can be read whole; how many."""
    names = [name for name in os.listdir(world.snapshots)
             if name.endswith(".hl")]
    for name in names:
        done = world.command("info", os.path.join(world.snapshots, name))
        world.equal(0, done.status, f"status of info: {done.stderr!r}")
    return len(names)


@probe("C3", "killed at a random instant: what has a name is whole")
def killed_program(world):
    instants = random.Random(os.urandom(8))
    for _ in range(world.pick(5, 500)):
        process = begun(world, "interval=2ms")
        os.makedirs(world.snapshots, exist_ok=True)
        time.sleep(instants.uniform(0.001, 0.04))
        process.kill()
        process.wait()
        if world.heapline:  # the writer of the last one finishes its work
            world.wait_until(lambda: all(
                name.endswith(".hl") for name in os.listdir(world.snapshots)),
                "the writer ends")
            whole_files(world)
            shutil.rmtree(world.snapshots)
        world.note("killed", process.returncode)


def stop_while_writing(world, process, seen):
    """Stops a writer of the process with its file half-written, or None.
    `seen` are the names of temporary files that earlier ones have left."""
    for writer in writers_of(process.pid):
        try:
            os.kill(writer, signal.SIGSTOP)
            world.wait_until(lambda: state_and_parent(writer)[0] in "TZX",
                             "the writer stands still")
            names = {name for name in os.listdir(world.snapshots)
                     if name.endswith(".tmp")} - seen
            if names and state_and_parent(writer)[0] == "T":
                seen |= names
                return writer
            os.kill(writer, signal.SIGCONT)
        except ProcessLookupError:
            pass  # done already
    return None


@probe("C3-writer", "the writer is killed: the program lives, the loss counts")
def killed_writers(world):
    os.mkdir(world.snapshots, mode=0o700)
    process = begun(world, "interval=2ms")
    killed = 0
    seen = set()
    begin = time.monotonic()
    while world.heapline and killed < world.pick(5, 500):
        writer = stop_while_writing(world, process, seen)
        if writer is not None:
            os.kill(writer, signal.SIGKILL)
            world.wait_until(lambda: state_and_parent(writer)[0] in "ZX",
                             "the writer is dead")
            killed += 1
            begin = time.monotonic()
        elif time.monotonic() > begin + world.seconds / 2:
            raise Hang("no writer was seen")
    process.terminate()
    world.finish(process, tells=range(0, 1000))
    if world.heapline:
        whole_files(world)
        last = sorted((int(name.split(".")[-2]), name)
                      for name in os.listdir(world.snapshots)
                      if name.endswith(".hl"))[-1][1]
        last = world.properties(os.path.join(world.snapshots, last))
        world.equal(killed, last["lost_snapshots"], "lost snapshots")


@probe("C3-end", "the process ends between two ticks: nothing is left half-done")
def ends_under_timer(world):
    # Every snapshot that was begun has its name when the process is gone.
    for _ in range(world.pick(10, 500)):
        world.run([world.compile("keeps_blocks.c")], options="interval=1ms")
        if world.heapline:
            world.check(world.files_of(), "no snapshot")


@probe("C4", "seccomp: nothing but malloc's own system calls after the filter")
def seccomp_filter(world):
    for way in ("prctl", "syscall"):
        world.run([world.compile("c_seccomp.c"), way], tells=range(0, 2),
                  options="interval=5ms:growth=1M:above=100K")


@probe("C4-request", "a snapshot is asked for after the filter: none, unharmed")
def request_under_filter(world):
    process = world.start([world.compile("c_seccomp.c"), "wait"],
                          stdin=subprocess.PIPE)
    world.note("first", process.stdout.readline())
    if world.heapline:
        world.command("snapshot", str(process.pid))
        world.command("status", str(process.pid))
    world.send(process, b".")
    world.finish(process, tells=range(0, 2))


@probe("C5", "chroot and another user in the middle: lives on, says at most so")
def drops_root(world):
    launcher = [] if os.geteuid() == 0 else ["unshare", "-Ur"]
    jail = os.path.join(world.folder, "jail")
    os.mkdir(jail)
    line, environment = world.behind(
        launcher, [world.compile("c_drops_root.c"), jail], options=OFTEN)
    world.run(line, environment=environment, tells=range(0, 20))


@probe("C5-cwd", "the directory changes: snapshots stay where they were sent")
def changes_directory(world):
    world.run([world.compile("c_drops_root.c"), "cwd"],
              options="out=snapshots:interval=5ms")
    expect_snapshots(world, "c_drops_root", 2)


@probe("C5-namespaces", "all namespaces of its own, and a container's root")
def namespaces(world):
    program = world.compile("ordinary.c")
    line, environment = world.behind(
        ["unshare", "-Urmpinuf", "--mount-proc"], [program])
    world.run(line, environment=environment)
    expect_snapshots(world, "ordinary", 1)
    bwrap = shutil.which("bwrap", path="/usr/bin")
    if bwrap:
        line, environment = world.behind(
            [bwrap, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc",
             "--dev", "/dev"], [program])
        world.run(line, environment=environment, tells=range(0, 2))


@probe("C7", "a chain of 50 execs: environment as given, the last image's file")
def exec_chain(world):
    world.run([world.compile("c_exec_chain.c"), "50"])
    if world.heapline:
        (snapshot,) = world.snapshots_of()
        world.equal(1, blocks_of(snapshot, 4000), "blocks of 4000 bytes")


@probe("C7-follow", "follow=none leaves the children's environment as it was")
def follow_none(world):
    script = "env | grep -v -e ^LD_PRELOAD -e ^HEAPLINE -e ^DUMP | sort; exit 4"
    for options in ("follow=none", "follow=env", "follow=all"):
        world.run(["/bin/sh", "-c", script], options=options)
    world.run([world.compile("ordinary.c")], options="follow=none")


@probe("C8", "one process id used again and again: no file is overwritten")
def reused_pid(world):
    rounds = world.pick(5, 100)
    line, environment = world.behind(
        ["unshare", "-Urpmf", "--mount-proc"],
        [world.compile("c_pid_reuse.c"), str(rounds),
         world.compile("keeps_blocks.c")])
    done = world.run(line, environment=environment)
    if done.status == 77:
        raise Skip("the kernel does not let a namespace choose process ids")
    if world.heapline:
        found = world.snapshots_of("keeps_blocks")
        world.equal([100] * rounds, [s.properties["pid"] for s in found],
                    "process ids")
        world.equal(rounds, sum(blocks_of(s, 4000) == 100 for s in found),
                    "whole and exact")


@probe("C8-clock", "the C library's clocks jump about: snapshots are in order")
def jumping_clock(world):
    library = world.compile("c_clock_library.c", "-shared", "-fPIC",
                            name="libclock.so")
    world.run([world.compile("c_drops_root.c"), "cwd"],
              environment=world.preload_with(library,
                                             options="interval=5ms"))
    if world.heapline:
        times = [s.properties["cut_time_ns"] for s in world.snapshots_of()]
        world.equal(sorted(times), times, "times")
        world.check(abs(times[-1] / 1e9 - time.time()) < 3600,
                    "the header's time is the library's")


@probe("C8-timens", "a time namespace shifts the monotonic clock at exec")
def time_namespace(world):
    line, environment = world.behind(
        ["unshare", "-UrTf", "--monotonic", "100000000", "--boottime",
         "100000000"], [world.compile("keeps_blocks.c")])
    if world.run(line, environment=environment).status != 0:
        raise Skip("no time namespaces here")
    expect_snapshots(world, "keeps_blocks", 1)


TOOLS = {
    "valgrind": ["-q", "--error-exitcode=99"],
    "gdb": ["-q", "-nx", "-batch", "-iex", "set debuginfod enabled off",
            "-ex", "run", "-ex", "info threads", "--args"],
    "strace": ["-f", "-o", "trace"],
}


def under_tool(world, name):
    line, environment = world.behind(
        [world.need(name), *TOOLS[name]], [world.compile("hello.c")])
    if name == "valgrind":  # it does not follow an exec unless told to
        line.insert(1, "--trace-children=yes")
    done = world.run(line, environment=environment, compare=False)
    world.note("program", (done.status, b"hello\n" in done.stdout,
                           b"exited with code 011" in done.stdout))
    if name != "valgrind":
        expect_snapshots(world, "hello", 1)


def add_tool_probes():
    for tool in TOOLS:
        probe(f"C13-{tool}", f"{tool} runs the program with the tracer in it")(
            lambda world, tool=tool: under_tool(world, tool))


add_tool_probes()

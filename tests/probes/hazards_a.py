"""Hazards A: start-up, symbols, the loader."""

import glob
import os
import re
import shutil
import stat

from probing import SHIM, TRACERS_OWN, Skip, blocks_of, probe

ALLOCATORS = ["libjemalloc.so.2", "libtcmalloc_minimal.so.4",
              "libmimalloc.so.2"]
LIBRARIES = "/usr/lib/x86_64-linux-gnu/"


def the_snapshot(world, program):
    found = world.snapshots_of(program)
    world.equal(1, len(found), f"snapshots of {program}")
    return found[0]


def expect_exact(world, program="keeps_blocks"):
    snapshot = the_snapshot(world, program)
    world.equal(1, snapshot.properties["complete"], "complete")
    world.equal(100, blocks_of(snapshot, 4000), "blocks of 4000 bytes")


def run_twice_preloaded(world, library, tells_when_last):
    """The program behind another preload, which stands after the tracer and
    then before it."""
    program = [world.compile("keeps_blocks.c")]
    world.run(program, environment=world.preload_with(library))
    if world.heapline:
        expect_exact(world)
        shutil.rmtree(world.snapshots)
    world.run(program, environment=world.preload_with(library, first=False),
              tells=tells_when_last)


@probe("A0", "an ordinary program sees the same process")
def ordinary(world):
    world.run([world.compile("ordinary.c")])
    if world.heapline:
        snapshot = the_snapshot(world, "ordinary")
        world.equal(1, snapshot.properties["complete"], "complete")


@probe("A1", "allocations before main, by a preload's constructor, are served")
def early_constructor(world):
    library = world.compile("a_early_library.c", "-shared", "-fPIC",
                            name="libearly.so")
    run_twice_preloaded(world, library, range(1))
    if world.heapline:
        expect_exact(world)


@probe("A1-dlsym", "a second malloc wrapper that asks dlsym in its first call")
def early_wrapper(world):
    library = world.compile("a_early_library.c", "-shared", "-fPIC",
                            "-DWRAPS_MALLOC", name="libwraps.so")
    run_twice_preloaded(world, library, range(1, 2))
    if world.heapline:  # it forwards to us, but we cannot know that
        snapshot = the_snapshot(world, "keeps_blocks")
        world.equal(0, snapshot.properties["complete"], "complete")
        world.equal(100, blocks_of(snapshot, 4000), "blocks of 4000 bytes")


@probe("A3", "a plain program that loads the tracer by dlopen is not harmed")
def loaded_late(world):
    program = world.compile("keeps_blocks.c")
    environment = world.environment()
    library = environment.pop("LD_PRELOAD", None)
    world.run([program] + ([library] if library else []),
              environment=environment, tells=range(1, 2))
    if world.heapline:
        for snapshot in world.snapshots_of():
            world.equal(0, snapshot.properties["complete"], "complete")


@probe("A4", "functions of the program under libc's names are never called")
def own_names(world):
    world.run([world.compile("a_own_names.c")], options="interval=50ms")
    if world.heapline:
        the_snapshot(world, "a_own_names")


@probe("A4-shells", "bash, dash, perl and ldd, which define libc's names")
def shells(world):
    script = ("x=$(echo one | tr a-z A-Z); export Y=$x; unset Y; "
              "(echo sub $x); for i in 1 2 3; do echo $i; done | sort -r; "
              "exit 6")
    for shell in ("bash", "dash"):
        world.run([world.need(shell), "-c", script])
    world.run([world.need("perl"), "-e",
               '$ENV{X} = "y" x 100; print `echo \\$X`; exit 8'])
    done = world.run([world.need("ldd"), world.need("ls")], compare=False)
    world.note("ldd", (done.status, done.stderr, sorted(
        line.split(b" (0x")[0].strip() for line in done.stdout.splitlines()
        if b"libheap" not in line)))


# What a tracer cannot write: each makes `out` of no use.
NO_OUTPUT = ["missing", "readonly", "full", "descriptors"]

VERSIONS = [["postgres", "--version"], ["psql", "--version"],
            ["initdb", "--version"], ["git", "--version"],
            ["gcc", "--version"], ["ls", "/"]]
POSTGRES = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1:]


def mounted(options):
    """A launcher that mounts a small tmpfs over ./full, in a namespace of its
    own; then env(1) and the program. Skips where the kernel forbids it."""
    script = (f"mkdir -p full && mount -t tmpfs -o {options} none full "
              "&& { head -c 65536 /dev/zero > full/filler; } 2>/dev/null; "
              "mount -o remount,$0 full; exec \"$@\"")
    return ["unshare", "-Urm", "sh", "-c", script]


def fewest_descriptors(world, command):
    """The smallest RLIMIT_NOFILE with which a plain run succeeds."""
    plain = {name: value for name, value in world.environment().items()
             if name not in TRACERS_OWN}
    for limit in range(4, 40):
        if world.run(["prlimit", f"--nofile={limit}", *command], compare=False,
                     environment=plain).status == 0:
            return limit
    raise Skip(f"{command[0]} does not run with 40 descriptors")


def without_output(world, command, which):
    if which == "missing":
        blocker = os.path.join(world.folder, "file")
        with open(blocker, "w", encoding="utf-8"):
            pass
        launcher, out = [], os.path.join(blocker, "snapshots")
    elif which in ("readonly", "full"):
        final = "ro" if which == "readonly" else "rw"
        launcher = mounted("size=64k")
        launcher = [*launcher, final]
        out = os.path.join(world.folder, "full")
    else:
        limit = fewest_descriptors(world, command)
        launcher, out = ["prlimit", f"--nofile={limit}"], world.snapshots
    line, environment = world.behind(launcher, command, options=f"out={out}")
    # A child of a program that is wrapped has something to tell as well.
    world.run(line, environment=environment, tells=range(0, 12))


@probe("A5", "programs whose snapshot cannot be written run on")
def nothing_to_write_to(world):
    places = os.pathsep.join(POSTGRES + ["/usr/bin"])
    for name, *arguments in VERSIONS:
        path = shutil.which(name, path=places)
        for which in NO_OUTPUT if path else []:
            without_output(world, [path, *arguments], which)


def with_allocator(world, name, is_first):
    path = LIBRARIES + name
    if not os.path.exists(path):
        raise Skip(f"{name} is not installed")
    world.run([world.compile("keeps_blocks.c")],
              environment=world.preload_with(path, first=is_first),
              tells=range(1) if is_first else range(1, 2))
    if not world.heapline:
        return
    if is_first:
        expect_exact(world)
    else:
        for snapshot in world.snapshots_of():
            world.equal(0, snapshot.properties["complete"], "complete")


def add_allocator_probes():
    for library in ALLOCATORS:
        name = re.match(r"lib([a-z]+)", library).group(1)
        probe(f"A6-{name}", f"{name} behind the tracer: exact counts")(
            lambda world, library=library: with_allocator(world, library, True))
        probe(f"A6-{name}-first",
              f"{name} before the tracer: it says that it sees nothing")(
            lambda world, library=library: with_allocator(world, library,
                                                          False))


add_allocator_probes()


@probe("A6-stub", "a program that takes malloc's address is no other malloc")
def address_taken(world):
    for flags in (("-no-pie", "-fno-pie"), ("-pie",)):
        world.run([world.compile("keeps_blocks.c", *flags,
                                 "-DTAKES_THE_ADDRESS")])
        if world.heapline:
            expect_exact(world)
            shutil.rmtree(world.snapshots)


@probe("A6-twice", "the tracer preloaded twice, from two files: one counts")
def preloaded_twice(world):
    if not world.heapline:
        world.run([world.compile("keeps_blocks.c")])
        return
    second = shutil.copy(SHIM, os.path.join(world.folder, "second.so"))
    world.run([world.compile("keeps_blocks.c")], tells=range(1, 2),
              environment=world.preload_with(second))
    exact = [s for s in world.snapshots_of() if s.properties["complete"]]
    world.equal([100], [blocks_of(s, 4000) for s in exact], "complete ones")


@probe("A7", "a program with a malloc of its own is told to be unseen")
def own_malloc(world):
    world.run([world.compile("a_own_malloc.c")], tells=range(1, 2))
    if world.heapline:
        for snapshot in world.snapshots_of():
            world.equal(0, snapshot.properties["complete"], "complete")


@probe("A7-static", "jemalloc linked statically is told to be unseen")
def static_allocator(world):
    archive = LIBRARIES + "libjemalloc.a"
    if not os.path.exists(archive):
        raise Skip("no libjemalloc.a")
    world.run([world.compile("keeps_blocks.c", "-pthread", archive,
                             "-lm", "-lstdc++")],
              tells=range(1, 2))
    if world.heapline:
        world.equal(0, the_snapshot(world, "keeps_blocks").properties[
            "complete"], "complete")


@probe("A7-linked", "allocators linked dynamically: exact counts")
def linked_allocators(world):
    present = [LIBRARIES + name for name in ALLOCATORS
               if os.path.exists(LIBRARIES + name)]
    if not present:
        raise Skip("no other allocator is installed")
    for library in present:
        world.run([world.compile("keeps_blocks.c", "-Wl,--no-as-needed",
                                 library)])
        if world.heapline:
            expect_exact(world)
            shutil.rmtree(world.snapshots)


@probe("A7-hidden", "a malloc of the program's own that nobody else can see")
def hidden_malloc(world):
    world.run([world.compile("a_own_malloc.c", "-fvisibility=hidden")])


@probe("A7-foreign", "blocks the tracer never saw are freed, and counted")
def foreign_frees(world):
    world.run([world.compile("a_own_malloc.c", "-DTAKES_FROM_LIBC")])
    if world.heapline:
        snapshot = the_snapshot(world, "a_own_malloc")
        world.equal(123, snapshot.properties["foreign_frees"], "foreign frees")


@probe("A7-deepbind", "RTLD_DEEPBIND: blocks cross from libc's malloc and back")
def deep_bound(world):
    library = world.compile("a_deep_bound_library.c", "-shared", "-fPIC",
                            name="libdeep.so")
    world.run([world.compile("a_deep_bound.c"), library])
    if world.heapline:
        snapshot = the_snapshot(world, "a_deep_bound")
        # How many is chance: a block of ours that was freed there looks live
        # until its address is given out again.
        world.check(snapshot.properties["foreign_frees"] > 0, "none foreign")


# Whether a whole snapshot is left, by the way out.
WAYS_OUT = {"return": 1, "exit": 1, "quick_exit": 1, "_exit": 1, "_Exit": 1,
            "raw": 1, "abort": 0, "kill": 0, "terminate": 0, "fault": 0}


@probe("A8", "every way out, beside a running thread, in the same order")
def ways_out(world):
    program = world.compile("a_exit_order.c")
    library = world.compile("a_early_library.c", "-shared", "-fPIC",
                            name="libearly.so")
    for way, files in WAYS_OUT.items():
        world.run([program, way, library])
        if world.heapline:
            found = world.snapshots_of("a_exit_order")
            world.equal(files, len(found), f"snapshots after {way}")
            if files:
                shutil.rmtree(world.snapshots)


@probe("A9-musl", "a dynamic musl program inherits the variable and starts")
def musl(world):
    world.need("musl-gcc")
    world.run([world.compile("hello.c", "musl-gcc")], tells=range(0, 2))


@probe("A9-i386", "a 32-bit program inherits the variable and starts")
def other_word_size(world):
    libc = "/usr/lib32/libc.so.6"
    if not os.path.exists(libc):
        raise Skip("no 32-bit C library (libc6-i386)")
    program = world.compile(
        "a_hello_i386.c", "-m32", "-nostdlib", "-fno-pie", "-no-pie",
        "-fno-stack-protector", "-Wl,--dynamic-linker=/lib/ld-linux.so.2",
        libc, name="hello_i386")
    # The loader itself says that it cannot load the other kind.
    done = world.run([program], compare=False)
    own = [line for line in done.stderr.splitlines()
           if b"wrong ELF class" not in line]
    world.note("32-bit", (done.status, done.stdout, own))


@probe("A10", "a static program runs, and the wrapper says that it is untraced")
def static_program(world):
    program = world.compile("hello.c", "-static", name="hello_static")
    world.run([program])
    if world.heapline:
        done = world.command("run", "-o", world.snapshots, "--", program)
        world.equal((9, b"hello\n"), (done.status, done.stdout), "run")
        world.check(b"static" in done.stderr, f"it said {done.stderr!r}")
        world.equal([], world.files_of(), "snapshots")


@probe("A10-setuid", "a set-user-ID program is left entirely alone")
def set_user_id(world):
    if os.geteuid() != 0:
        # Set-user-ID root, and no root needed to ask for its version.
        program = [shutil.which("mount", path="/usr/bin:/bin"), "--version"]
        if not program[0] or not os.stat(program[0]).st_mode & stat.S_ISUID:
            raise Skip("no set-user-ID program here")
    else:
        program = [os.path.join(world.folder, "ordinary")]
        shutil.copy(world.compile("ordinary.c"), program[0])
        os.chown(program[0], 65534, 65534)
        os.chmod(program[0], 0o4755)
    done = world.run(program, compare=False)
    # The loader takes LD_PRELOAD out of the environment: not our doing.
    world.note("set-user-ID", (done.status, re.sub(
        rb"environment as the kernel gave it: \w+", b"", done.stdout),
        done.stderr))
    if world.heapline:
        run = world.command("run", "-o", world.snapshots, "--", *program)
        world.equal(done.status, run.status, "status of run")
        world.check(b"setuid" in run.stderr, f"it said {run.stderr!r}")
        world.equal([], world.files_of(), "snapshots")


SANITIZERS = {
    "address": ("hello.c", ["-fsanitize=address"]),
    "leak": ("hello.c", ["-fsanitize=leak"]),
    "undefined": ("hello.c", ["-fsanitize=undefined"]),
    "thread": ("a_races.c", ["-fsanitize=thread"]),
    "memory": ("a_races.c", ["clang", "-fsanitize=memory"]),
    "clang-address": ("hello.c", ["clang", "-fsanitize=address"]),
}


def sanitized(world, source, flags):
    if flags[0] == "clang":
        flags = [world.need("clang"), *flags[1:]]
    program = world.compile(source, *flags)
    world.run([program], tells=range(0, 2))
    found = world.run([program, "wrong"], compare=False, tells=range(0, 2))
    # The report names addresses and processes: its headline is compared.
    world.note("finding", (found.status, found.stdout, sorted(set(
        re.findall(rb"(?:ERROR|WARNING|SUMMARY): \w+: [-\w]+",
                   found.stderr)))))


def add_sanitizer_probes():
    for name, (source, flags) in SANITIZERS.items():
        probe(f"A11-{name}", f"a build with -fsanitize={name.split('-')[-1]} "
              "finds what it finds")(
            lambda world, source=source, flags=flags: sanitized(
                world, source, flags))


add_sanitizer_probes()

"""Hazards B: locks, forks, threads, signals."""

import os
import shutil
import subprocess

from probing import HERE, SHIM, Skip, probe

INCLUDE = ["-I", os.path.join(os.path.dirname(os.path.dirname(HERE)),
                              "include")]


def expect_whole(world, program="*", least=1):
    """Every file of a program whole, complete and equal to the counters."""
    snapshots = world.snapshots_of(program)
    world.check(len(snapshots) >= least,
                f"{len(snapshots)} snapshots, not {least}")
    for snapshot in snapshots:
        world.equal(1, snapshot.properties["complete"],
                    f"complete of {os.path.basename(snapshot.path)} (reasons "
                    f"{snapshot.properties['incomplete_reasons']})")
    return snapshots


def sizes(snapshot):
    return [block[1] for block in snapshot.blocks]


# B1, B2: copies of the process.

def forks(world, kind, count, most_files, options=""):
    world.run([world.compile("b_forks.c"), kind, str(count)], options=options)
    if world.heapline:
        expect_whole(world, "b_forks", most_files)


@probe("B1", "fork beside 16 allocating threads")
def fork_beside_threads(world):
    count = world.pick(50, 5000)
    # A raw exit_group by syscall() is seen, too.
    forks(world, "fork", count, count + 1)


@probe("B1-no-snapshot", "the same, of children that leave no file",
       seconds=400)
def fork_beside_threads_at_exit_0(world):
    forks(world, "fork", world.pick(100, 100000), 0, options="at_exit=0")


@probe("B1-raw-clone", "a copy by clone(2), of which no handler hears")
def raw_clone(world):
    count = world.pick(60, 5000)
    forks(world, "clone", count, count + 1)


@probe("B1-_Fork", "a copy by _Fork, which runs no handler either")
def bare_fork(world):
    forks(world, "_Fork", world.pick(45, 3000), 31)


@probe("B1-nested", "copies of copies, each with threads of its own")
def nested_forks(world):
    depth = world.pick(5, 9)
    forks(world, "nested", depth, depth + 1)


@probe("B1-handler", "fork in a signal handler that interrupted malloc")
def fork_in_handler(world):
    forks(world, "handler", world.pick(60, 1000), 61)


@probe("B1-ruby", "ruby, which forks with a thread of its own beside")
def ruby_forks(world):
    world.run([world.need("ruby"), "-e",
               "5.times { |i| fork { Thread.new { 'x' * 100000 }.join;"
               " exit 3 }; Process.wait; puts $?.exitstatus }"])


@probe("B2", "a tree of 200 processes: a whole file each, none mixed")
def fork_tree(world):
    outcome = world.run([world.compile("b_fork_tree.c")], compare=False)
    lines = sorted(outcome.stdout.splitlines())
    world.note("status", outcome.status)
    world.note("lines", lines)
    world.note("stderr", outcome.stderr)
    if not world.heapline:
        return
    parents = dict(map(int, line.split(b" of ")) for line in lines
                   if b" of " in line)
    snapshots = expect_whole(world, least=len(parents) + 1)
    world.equal(len(parents) + 1, len(snapshots), "files")
    world.equal(len(snapshots), len({s.properties["pid"] for s in snapshots}),
                "process ids")
    seen = {}
    for snapshot in snapshots:
        numbers = sorted((size - 1000000) // 16 for size in sizes(snapshot)
                         if size >= 1000000)
        seen[numbers[-1] if numbers else None] = numbers
    for number, parent in parents.items():
        line = []
        while number != -1:
            line.append(number)
            number = parents[number]
        world.equal(sorted(line), seen.get(line[0]),
                    f"blocks that process {line[0]} and its ancestors made")


# B3: children in our memory.

@probe("B3", "vfork, posix_spawn and popen beside allocating threads")
def children(world):
    rounds = world.pick(20, 2500)
    world.run([world.compile("b_children.c"), str(rounds)])
    if world.heapline:
        (snapshot,) = expect_whole(world, "b_children")
        world.equal(1, sizes(snapshot).count(777777), "block of the parent")
        world.equal(rounds, len(world.files_of("true")), "files of true")


# B4: the loader.

def loader(world, rounds, *more, options=""):
    program = world.compile("b_loader.c", *INCLUDE)
    libraries = [world.compile("b_loader_library.c", "-shared", "-fPIC",
                               name=f"library_{i}.so") for i in range(3)]
    world.run([program, str(rounds), "3", *libraries, *more],
              options=options)
    return expect_whole(world, "b_loader") if world.heapline else []


@probe("B4", "dlopen, dlclose beside dl_iterate_phdr with a callback that "
       "frees")
def loader_beside_malloc(world):
    loader(world, world.pick(100, 33334))


@probe("B4-cut", "the same while snapshots are cut")
def loader_beside_cuts(world):
    loader(world, world.pick(60, 2000), "cut")


@probe("B4-interval", "the same while a timer cuts snapshots")
def loader_beside_timer(world):
    loader(world, world.pick(60, 2000), options="interval=5ms")


# B5: handlers that allocate.

def handlers(world, end, count):
    safe = world.compile("signal_safe_malloc.c", "-shared", "-fPIC",
                         name="libsafe.so")
    world.run([world.compile("b_handlers.c", name="b_handlers"), end,
               str(count)], environment=world.preload_with(safe))
    if world.heapline:
        (snapshot,) = expect_whole(world)
        world.equal((100, 50), (sizes(snapshot).count(54321),
                                sizes(snapshot).count(65432)), "blocks kept")


@probe("B5", "handlers that allocate 5 000 times a second, anywhere in malloc")
def handlers_that_allocate(world):
    handlers(world, "return", world.pick(1500, 100000))


@probe("B12-siglongjmp", "siglongjmp out of handlers, out of malloc")
def handlers_that_jump(world):
    handlers(world, "jump", world.pick(1500, 100000))


# B6: no thread of ours, and no signal that the program could meet.

def threads(world, which, count, left, options=""):
    """A case of b_threads.c; `left` blocks of 1111 bytes at its end."""
    world.run([world.compile("b_threads.c", *INCLUDE), which, str(count)],
              options=options)
    if not world.heapline:
        return []
    snapshots = expect_whole(world, "b_threads")
    held = sizes(snapshots[-1])
    world.equal((10, left), (held.count(54321), held.count(1111)),
                "blocks kept")
    return snapshots


@probe("B6", "unshare(CLONE_NEWUSER), which needs a single thread")
def unshare(world):
    world.run([world.compile("b_threads.c", *INCLUDE), "alone", "1"])


@probe("B6-sigwait", "threads that wait for every signal get their own only")
def signal_waits(world):
    count = world.pick(60, 2000)
    world.run([world.compile("b_deaf.c", *INCLUDE), str(count)],
              options="at_exit=0")
    if world.heapline:
        snapshots = expect_whole(world, "b_deaf", count)
        for snapshot in snapshots:
            world.equal((6, 0), (len(snapshot.threads), snapshot.properties[
                "threads_not_stopped"]), "threads, not stopped")


# B7, B8, C12: threads.

@probe("B7", "key destructors that allocate, four rounds in each thread")
def key_destructors(world):
    count = world.pick(800, 8000)
    threads(world, "joined", count, count)


@probe("B7-detached", "the same in detached threads")
def detached_key_destructors(world):
    count = world.pick(800, 8000)
    threads(world, "detached", count, count)


@probe("B8", "threads on the smallest stacks there are")
def smallest_stacks(world):
    threads(world, "small", world.pick(3, 100), 0)


@probe("B8-timer", "the same, stopped by a timer")
def smallest_stacks_under_timer(world):
    threads(world, "small", world.pick(3, 100), 0, options="interval=5ms")


@probe("C12-alive", "10 000 threads alive at once")
def threads_alive(world):
    count = world.pick(500, 10000)
    snapshots = threads(world, "alive", count, count)
    if world.heapline:
        world.equal((count + 1, 0), (len(snapshots[0].threads),
                                     snapshots[0].properties[
                                         "threads_not_stopped"]),
                    "threads, not stopped")


@probe("C12-created", "1 000 000 threads, one after another")
def threads_created(world):
    threads(world, "created", world.pick(3008, 1000000), 0)


# B8 to B10, B12: stacks.

def stacks(world, which, rounds, options=""):
    world.run([world.compile("b_stacks.c", *INCLUDE), which, str(rounds)],
              options=options)
    if world.heapline:
        snapshots = expect_whole(world, "b_stacks", 2)
        world.equal(10, sizes(snapshots[-1]).count(54321), "blocks kept")


@probe("B8-deep", "recursion 60 000 deep")
def deep_recursion(world):
    stacks(world, "deep", world.pick(5, 500))


@probe("B8-altstack", "alternate signal stacks of 16 KiB and of the least size")
def alternate_stacks(world):
    stacks(world, "alternate", world.pick(40, 2000))


@probe("B8-altstack-timer", "the same, where a timer's cut runs on them")
def alternate_stacks_under_timer(world):
    stacks(world, "alternate", world.pick(40, 2000), options="interval=3ms")


@probe("B9", "64 coroutines on stacks of their own, made and let go")
def coroutines(world):
    stacks(world, "contexts", world.pick(15, 1000))


@probe("B10", "wrong rules, no rules, wild frame pointers, code made at run "
       "time, vanishing stacks")
def odd_frames(world):
    world.run([world.compile("b_frames.c", *INCLUDE), str(world.pick(5, 500))])
    if world.heapline:
        expect_whole(world, "b_frames", 2)


@probe("B12", "exceptions through 30 frames, out of operator new, through C")
def exceptions(world):
    world.run([world.compile("b_exceptions.cc", "-fexceptions"),
               str(world.pick(300, 20000))])
    if world.heapline:
        expect_whole(world)


@probe("B12-longjmp", "longjmp over frames that hold blocks")
def long_jumps(world):
    stacks(world, "jumps", world.pick(3000, 300000))


# B9: coroutines of other languages and libraries.

def coroutines_of(world, command):
    """A program that cannot call us: a timer cuts the snapshots."""
    world.run(command, options="interval=10ms")
    if world.heapline:
        # Go ends by a raw call: a file may still be written then.
        world.wait_until(lambda: not any(
            name.endswith(".tmp") for name in os.listdir(world.snapshots)),
            "the last file is written")
        world.check(len(world.files_of()) > 0, "no snapshot")


@probe("B9-boost", "boost.context")
def boost_contexts(world):
    program = world.compile("b_boost.cc", "-fexceptions", "-lboost_context")
    coroutines_of(world, [program, str(world.pick(30, 3000))])


def compile_go(world, source):
    target = os.path.join(world.workshop.folder, os.path.splitext(source)[0])
    if not os.path.exists(target):
        made = subprocess.run(
            [world.need("go"), "build", "-o", target, os.path.join(HERE, source)],
            env={"PATH": "/usr/bin:/bin", "CGO_ENABLED": "1", "HOME": "/tmp",
                 "GO111MODULE": "off", "GOFLAGS": "-p=2", "GOCACHE":
                 os.path.join(world.workshop.folder, "go-cache")},
            stderr=subprocess.PIPE, text=True)
        if made.returncode:
            raise Skip(f"cannot build {source}: {made.stderr[:300]}")
    return target


@probe("B9-cgo", "goroutines that call C, which allocates")
def goroutines(world):
    coroutines_of(world, [compile_go(world, "b_goroutines.go"),
                          str(world.pick(5000, 100000))])


@probe("B9-ruby", "ruby's fibers")
def ruby_fibers(world):
    coroutines_of(world, [world.need("ruby"), "-e", f"""
      sum = 0
      {world.pick(15, 3000)}.times do |round|
        fibers = (1..40).map {{ |i| Fiber.new {{
          3.times {{ |j| Fiber.yield(('x' * (i * 100 + j)).sum) }}; 0 }} }}
        3.times {{ fibers.each {{ |fiber| sum += fiber.resume }} }}
      end
      puts sum"""])


@probe("B9-greenlet", "python's greenlets")
def greenlets(world):
    world.need("python3")
    if not os.path.isdir("/usr/lib/python3/dist-packages/greenlet"):
        raise Skip("python3-greenlet is not installed")
    coroutines_of(world, ["/usr/bin/python3", "-c", f"""
import greenlet
total = 0
def work(number):
    global total
    for i in range(3):
        total += len([number] * (i + 1000))
        main.switch()
main = greenlet.getcurrent()
for turn in range({world.pick(60, 3000)}):
    all = [greenlet.greenlet(lambda n=n: work(n)) for n in range(40)]
    for i in range(3):
        for one in all:
            one.switch()
print(total)
"""])


# B12: shadow stacks.

@probe("B12-marks", "the library's own code is marked for shadow stacks")
def shadow_stack_marks(world):
    notes = subprocess.run([world.need("readelf"), "-n", SHIM],
                           capture_output=True, text=True).stdout
    if world.heapline:
        world.check("x86 feature: IBT, SHSTK" in notes, notes)


# B14: cancellation.

@probe("B14", "threads cancelled in malloc_stats, which holds a lock of libc")
def cancelled_statistics(world):
    world.run([world.compile("b_cancel.c"), "stats",
               str(world.pick(200, 10000))])


@probe("B14-deferred", "threads cancelled between allocations")
def cancelled_allocations(world):
    world.run([world.compile("b_cancel.c"), "deferred",
               str(world.pick(1000, 10000))])
    if world.heapline:
        expect_whole(world, "b_cancel")


@probe("B14-asynchronous", "threads cancelled anywhere in malloc")
def cancelled_anywhere(world):
    safe = world.compile("signal_safe_malloc.c", "-shared", "-fPIC",
                         name="libsafe.so")
    world.run([world.compile("b_cancel.c"), "asynchronous",
               str(world.pick(500, 10000))],
              environment=world.preload_with(safe))
    if world.heapline:
        expect_whole(world, "b_cancel")


# B15: calls that wait.

def blocking(world, way, cuts, options=""):
    world.run([world.compile("b_blocking.c", *INCLUDE, "-lrt"), way,
               str(cuts)], options=f"follow=exec:at_exit=0{options}")
    if world.heapline:
        for snapshot in world.snapshots_of("b_blocking"):
            world.equal(0, snapshot.properties["threads_not_stopped"],
                        "threads not stopped")


@probe("B15", "38 calls that wait do not come back for a snapshot")
def calls_that_wait(world):
    blocking(world, "wait", world.pick(100, 1000))


@probe("B15-timer", "the same under a timer's snapshots, 100 a second")
def calls_that_wait_under_timer(world):
    blocking(world, "wait", world.pick(30, 1000), ":interval=10ms")


@probe("B15-timeouts", "timeouts end, though snapshots come more often")
def timeouts(world):
    blocking(world, "timeouts", 50)


@probe("B15-own-signals", "the program's own signals interrupt as ever")
def own_signals(world):
    blocking(world, "own-signals", world.pick(60, 1000))


# B16: exec.

@probe("B16", "exec while a stop is pending")
def execs(world):
    world.run([world.compile("b_execs.c", *INCLUDE),
               str(world.pick(60, 2000))])
    if world.heapline:
        expect_whole(world, "true")


# B17: the child that writes.

def writer(world, which, blocks=200000, least=3, options=""):
    world.run([world.compile("b_writer.c", *INCLUDE), which, str(blocks)],
              options=options)
    if world.heapline:
        snapshots = expect_whole(world, "b_writer", least)
        for snapshot in snapshots:
            world.check(len(snapshot.blocks) >= blocks, "blocks are missing")


@probe("B17", "pipes end, locks and ports are free while the child writes")
def closed_descriptors(world):
    writer(world, "closes", options="at_exit=0")


@probe("B17-group", "signals to the whole group do not reach the child")
def signals_to_the_group(world):
    writer(world, "group", options="at_exit=0")


@probe("B17-end", "the process ends while another thread's snapshot is written")
def end_while_writing(world):
    writer(world, "end", least=2)


@probe("B17-container", "a container's first process ends: so does the child, "
       "after its file is whole")
def container(world):
    program = world.compile("b_writer.c", *INCLUDE)
    namespace = [world.need("unshare"), "--user", "--map-root-user", "--pid",
                 "--fork", "--mount-proc"]
    if subprocess.run([*namespace, "/bin/true"],
                      stderr=subprocess.DEVNULL).returncode != 0:
        raise Skip("no new namespaces here")
    world.run([*namespace, program, "end", "200000"],
              options="follow=b_writer")
    if world.heapline:
        for snapshot in expect_whole(world, "b_writer", 2):
            world.equal(1, snapshot.properties["pid"], "process id")


# Rules of the cut.

@probe("B5-parking", "threads stopped in realloc lose no block and win none")
def parking(world):
    count = world.pick(40, 1000)
    world.run([world.compile("b_parking.c", *INCLUDE), str(count)],
              options="at_exit=0")
    if world.heapline:
        snapshots = world.snapshots_of("b_parking")
        world.equal(count, len(snapshots), "snapshots")
        for snapshot in snapshots:
            world.equal(1, snapshot.properties["complete"], "complete")
            world.equal(80, sum(size >= 100000 for size in sizes(snapshot)),
                        "blocks held")


@probe("B5-death", "ends by signals, with on_death a snapshot before")
def deaths(world):
    program = world.compile("b_death.c")
    for way in ("TERM", "INT", "HUP", "abort", "SEGV", "BUS", "FPE", "ILL",
                "double-free", "handled", "ignored"):
        for where in ([], ["thread"]):
            outcome = world.run([program, way, *where], options="on_death=1")
            if not world.heapline:
                continue
            snapshot = world.snapshots_of("b_death")[-1]
            world.equal("death" if outcome.status < 0 else "exit",
                        snapshot.properties["reason"], f"reason of {way}")
            world.check(way == "ignored" or 54321 in sizes(snapshot),
                        f"{way}: the block is missing")
            shutil.rmtree(world.snapshots)

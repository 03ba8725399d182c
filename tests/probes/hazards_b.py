"""Hazards B: locks, forks, threads, signals."""

import os

from probing import HERE, Skip, probe

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


@probe("B1", "fork beside 16 allocating threads", seconds=60)
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

@probe("B3", "vfork, posix_spawn and popen beside allocating threads",
       seconds=60)
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
       "frees", seconds=60)
def loader_beside_malloc(world):
    loader(world, world.pick(100, 33334))


@probe("B4-cut", "the same while snapshots are cut", seconds=60)
def loader_beside_cuts(world):
    loader(world, world.pick(60, 2000), "cut")


@probe("B4-interval", "the same while a timer cuts snapshots", seconds=60)
def loader_beside_timer(world):
    loader(world, world.pick(60, 2000), options="interval=5ms")

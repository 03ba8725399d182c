"""Hazards C, on: what the allocation functions answer, and how much of
everything there can be."""

import json
import random
import subprocess

from probing import blocks_of, probe

LIMITS_MIB = [64, 128, 256, 512, 1024]


@probe("C6", "RLIMIT_AS from 64 MiB to 1 GiB: a quarter is always to be had")
def address_space_limits(world):
    program = world.compile("c_address_limit.c")
    for mib in world.pick(LIMITS_MIB[::2], LIMITS_MIB):
        world.run([program, str(mib)], tells=range(0, 10),
                  options="near_limit=10%")


@probe("C9", "the same calls, the same answers: sizes, errno, new-handlers")
def corners(world):
    world.run([world.compile("c_sizes.c")])
    world.run([world.compile("c_news.cc")])


@probe("C9-sequences", "random sequences of calls: every answer the same")
def call_sequences(world):
    program = world.compile("c_call_sequence.c")
    # The same ones plain and traced, others in the next repetition.
    seeds = random.Random(world.seed)
    for _ in range(world.pick(4, 200)):
        world.run([program, str(seeds.randrange(1 << 40)), "5000"],
                  options="growth=4M")


@probe("C10", "blocks change hands between 16 threads: the live set is exact")
def ping_pong(world):
    rounds = world.pick(8000, 1000000)
    world.run([world.compile("c_ping_pong.c"), "16", str(rounds)],
              options="interval=50ms")
    if world.heapline:
        snapshot = world.snapshots_of()[-1]
        world.equal(64, blocks_of(snapshot, 4000), "blocks of 4000 bytes")
        world.equal(1, snapshot.properties["complete"], "complete")


def function_and_line(world, snapshot, requested_bytes, rounds):
    """Where the report says that the blocks of one size come from."""
    done = world.command("top", snapshot, "--by", "stack", "--format", "json",
                         "-n", "100000")
    rows = [row for row in json.loads(done.stdout)["rows"]
            if row["live_count"] and
            row["live_bytes"] == requested_bytes * row["live_count"]]
    world.equal(rounds, sum(row["live_count"] for row in rows), "blocks")
    return {(row["stack"][0]["function"], row["stack"][0]["line"])
            for row in rows}


@probe("C11", "two libraries in turn at one address: lines are each one's own")
def same_address(world):
    flags = ["-shared", "-fPIC", "-Wl,-Ttext-segment=0x7d0000000000",
             "-Wl,--build-id"]
    first = world.compile("c_plugin.c", *flags, "-DIS_FIRST", name="libone.so")
    second = world.compile("c_plugin.c", *flags, name="libtwo.so")
    # A program at a fixed address: the loader then grants such wishes.
    program = world.compile("c_plugins.c", "-no-pie", "-fno-pie")
    world.run([program, "20", first, second])
    if world.heapline:
        (snapshot,) = world.files_of()
        for taker, requested_bytes in (("first_taker", 5001),
                                       ("second_taker", 5002)):
            ((function, line),) = function_and_line(world, snapshot,
                                                    requested_bytes, 10)
            world.equal(taker, function, "function")
            world.check(line > 0, "a line")


@probe("C12", "many threads alive at once, each with a block")
def many_threads(world):
    count = world.pick(300, 10000)
    process = world.start([world.compile("c_many_threads.c"), str(count)],
                          stdin=subprocess.PIPE)
    world.note("first line", process.stdout.readline())
    if world.heapline:
        done = world.command("snapshot", str(process.pid))
        world.equal(0, done.status, f"snapshot: {done.stderr!r}")
    world.send(process, b"\n")
    world.finish(process)
    if world.heapline:
        asked, at_exit = world.snapshots_of()
        world.equal(count, blocks_of(asked, 4000), "blocks with all alive")
        world.equal(0, blocks_of(at_exit, 4000), "blocks at the end")
        # How many stop in time is the machine's affair; that it is said, not.
        world.equal(asked.properties["threads_not_stopped"] == 0,
                    asked.properties["complete"] == 1, "complete")


@probe("C12-wide", "a heap that spans 1 TiB of addresses")
def wide_heap(world):
    world.run([world.compile("c_wide_heap.c")])
    if world.heapline:
        (snapshot,) = world.snapshots_of()
        world.equal(100, blocks_of(snapshot, 1 << 30), "blocks of 1 GiB")
        world.equal(100, blocks_of(snapshot, 4000), "small blocks")

"""Hazards A: start-up, symbols, the loader."""

from probing import probe


@probe("A0", "an ordinary program sees the same process")
def ordinary(world):
    world.run([world.compile("ordinary.c")])
    if world.heapline:
        (snapshot,) = world.snapshots_of("ordinary")
        world.equal(1, snapshot.properties["complete"], "complete")

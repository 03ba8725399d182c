"""python_cycles_probe.py TRUTH: with the collector off, makes 1 000 cycles of
five kinds and loses them; writes which objects the collector would now free, as
lines "address type"; then asks for a snapshot (SIGUSR1).

Collecting would change what is to be looked at, so that a forked twin does it:
there the same objects have the same addresses."""

import gc
import os
import signal
import sys

gc.disable()


class Node:
    pass


class Button:
    def press(self):
        return self


def make_instances():
    one, other = Node(), Node()
    one.friend, other.friend = other, one


def make_dicts():
    one, other = {}, {}
    one["other"], other["other"] = other, one


def make_lists():
    one, other = [], []
    one.append(other)
    other.append(one)


def make_closure():
    def again():
        return again
    return None


def make_bound_method():
    button = Button()
    button.on_click = button.press


def write_truth(path):
    """In the twin: what the collector finds goes into gc.garbage."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    with open(path, "w", encoding="utf-8") as file:
        for thing in gc.garbage:
            file.write(f"{id(thing):#x} {type(thing).__name__}\n")


def main():
    for make in (make_instances, make_dicts, make_lists, make_closure,
                 make_bound_method):
        for _ in range(200):
            make()
    twin = os.fork()
    if twin == 0:
        write_truth(sys.argv[1])
        os._exit(0)
    os.waitpid(twin, 0)
    os.kill(os.getpid(), signal.SIGUSR1)


main()

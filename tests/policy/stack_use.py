"""How much of the caller's stack a hook takes (docs/contributing.md): at most
1 KiB before it unwinds and 4 KiB with, because hooks run on alternate signal
stacks and on the smallest thread stacks there are.

GCC writes for each object of the shim a call graph with the stack of every
function (-fcallgraph-info=su). The longest way from each exported function
through it is what a hook may take. Calls through pointers end a way: they lead
to the next allocator, whose stack is the program's affair in any case."""

import glob
import os
import re
import unittest

import tree
from shim_gates import interposed_names

BEFORE_UNWINDING = 1024
WITH_UNWINDING = 4096

# Where unwinding begins.
CAPTURE = ("CaptureStack",)

# Rare ways out of a hook that are not counted, each with the reason.
RARE = {
    "EnterHookSlowly": "once a thread, once a process: start, fork, nesting",
    "LookAtThresholds": "cuts snapshots; only where one is due",
    "LookAtRefusal": "cuts one snapshot where the tables find no more room",
    "AnswerRequest": "cuts the snapshot that a command asked for",
    "ParkHere": "the thread waits while a snapshot is cut",
    "NewByPrivateRuntime": "out of memory: the C++ library is to throw",
}

# The hooks of the allocation path; the others (exec, exit, signals) are called
# from ordinary places on ordinary stacks.
ALLOCATION = re.compile(
    r"^(malloc|calloc|realloc|reallocarray|free|cfree|free_sized|"
    r"free_aligned_sized|posix_memalign|aligned_alloc|memalign|valloc|pvalloc|"
    r"malloc_usable_size|_Zn[wa]\w+|_Zd[la]\w+)$")


def function_name(title):
    """The last component of a mangled or plain name: CaptureStack."""
    title = title.rsplit(":", 1)[-1]
    mangled = re.match(r"_ZN?K?(?:\d+\w+)", title)
    if not mangled:
        return title.split(".")[0]
    names, rest = [], re.sub(r"^_ZN?K?(?:12_GLOBAL__N_1)?", "", title)
    while True:
        length = re.match(r"(\d+)", rest)
        if not length:
            break
        size = int(length.group(1))
        rest = rest[len(length.group(1)):]
        names.append(rest[:size])
        rest = rest[size:]
    return names[-1] if names else title


class Graph:
    def __init__(self):
        self.stack_bytes = {}
        self.callees = {}
        self.unbounded = set()

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for title, label in re.findall(
                r'node: \{ title: "([^"]+)" label: "([^"]*)"', text):
            use = re.search(r"(\d+) bytes \((\w+)", label)
            if use:
                self.stack_bytes[title] = max(
                    int(use.group(1)), self.stack_bytes.get(title, 0))
                if use.group(2) == "dynamic" and "bounded" not in label:
                    self.unbounded.add(title)
        for source, target in re.findall(
                r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', text):
            self.callees.setdefault(source, set()).add(target)

    def longest_way(self, start, stop_at, seen=()):
        """(bytes, [functions]) of the way that takes the most stack."""
        if start in seen:
            raise AssertionError("recursion: " + " > ".join(seen + (start,)))
        best, best_way = 0, []
        for callee in self.callees.get(start, ()):
            if function_name(callee) in stop_at:
                continue
            used, way = self.longest_way(callee, stop_at, seen + (start,))
            if used > best:
                best, best_way = used, way
        return best + self.stack_bytes.get(start, 0), [start] + best_way


def shim_graph():
    graph = Graph()
    for folder in ("heapline.dir", "heapline_shim_objects.dir"):
        for path in glob.glob(os.path.join(tree.BUILD, "preload/CMakeFiles",
                                           folder, "**", "*.ci"),
                              recursive=True):
            graph.read(path)
    return graph


class StackUse(unittest.TestCase):
    def setUp(self):
        self.graph = shim_graph()
        if not self.graph.stack_bytes:
            self.skipTest("this compiler writes no call graphs")
        self.hooks = sorted(name for name in interposed_names()
                            if ALLOCATION.match(name))

    def hold(self, limit, stop_at):
        over = []
        for hook in self.hooks:
            self.assertIn(hook, self.graph.stack_bytes, "no call graph of it")
            used, way = self.graph.longest_way(hook, stop_at)
            if used > limit:
                over.append(f"{hook}: {used} bytes by " + " > ".join(
                    f"{function_name(name)} "
                    f"{self.graph.stack_bytes.get(name, 0)}" for name in way))
        self.assertEqual([], over, "\n" + "\n".join(over))

    def test_a_hook_takes_at_most_1_kib_before_it_unwinds(self):
        self.hold(BEFORE_UNWINDING, set(RARE) | set(CAPTURE))

    def test_a_hook_takes_at_most_4_kib_with_unwinding(self):
        self.hold(WITH_UNWINDING, set(RARE))

    def test_the_graph_knows_where_unwinding_begins(self):
        names = {function_name(title) for title in self.graph.stack_bytes}
        for name in list(CAPTURE) + list(RARE):
            self.assertIn(name, names)

    def test_only_the_execl_family_takes_stack_without_bound(self):
        # An array of the arguments given, as the C library's own does.
        self.assertEqual({"execl", "execle", "execlp"}, self.graph.unbounded)


if __name__ == "__main__":
    unittest.main()

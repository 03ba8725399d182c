"""Every case of tests/programs/leaks, built by two compilers with and without
optimisation: `heapline leaks` must say of it exactly what stands beside its
name (leaks/case.h): kinds, blocks, bytes, and of what is held, by which kind of
root; without roots of that kind it must be lost. Of leaks the whole process
must have no other."""

import os
import re
import unittest

import wrapping

FOLDER = os.path.join(wrapping.SOURCE, "tests", "programs", "leaks")
VARIANTS = [(compiler, level) for compiler in ("gcc", "clang")
            for level in ("-O0", "-O2")]
ALL_KINDS = ["direct", "indirect", "possible", "reachable"]
# What the C library allocates for itself while a case calls it.
LIBRARYS_OWN = re.compile(r"pthread_create|dlopen|dlerror|_dl_|atexit|on_exit|"
                          r"putenv|__tls_get_addr|cxa_get_globals")


def cases_of(source):
    """[(name, truth)] in the order of the file."""
    with open(os.path.join(FOLDER, source), encoding="utf-8") as file:
        return re.findall(r'^(?:EXIT_)?CASE\((\w+),\s*"([^"]+)"\)',
                          file.read(), re.M)


def exit_cases_of(source):
    with open(os.path.join(FOLDER, source), encoding="utf-8") as file:
        return set(re.findall(r"^EXIT_CASE\((\w+),", file.read(), re.M))


def parse(truth):
    """{kind: (count, bytes)} and the kind of root that holds, or None."""
    amounts, root = {}, None
    for part in [] if truth == "nothing" else truth.split(", "):
        kind, count, size, *by = part.split()
        amounts[kind] = (int(count), int(size))
        if by:
            root = by[1]
    return amounts, root


class Report:
    """What `leaks` says, summed: of leaks all, of what is held only what the
    case's own code allocated."""

    def __init__(self, document, source):
        self.rows = [row for row in document["rows"]
                     if row["kind"] != "reachable" or self.is_own(row, source)]
        self.own = [row for row in self.rows if self.is_own(row, source)]

    @staticmethod
    def is_own(row, source):
        files = [os.path.basename(frame["file"]) for frame in row["stack"]]
        return {source, "case.h"} & set(files) and not any(
            LIBRARYS_OWN.search(frame["function"]) for frame in row["stack"])

    @staticmethod
    def amount(rows, kinds, roots=None):
        chosen = [row for row in rows if row["kind"] in kinds and
                  (roots is None or row["root_kind"] in roots)]
        return (sum(row["count"] for row in chosen),
                sum(row["bytes"] for row in chosen))

    def by_kind(self):
        found = {kind: self.amount(self.rows, [kind]) for kind in ALL_KINDS}
        return {kind: amount for kind, amount in found.items() if amount[0]}

    def __str__(self):
        return "; ".join(
            f"{row['kind']} {row['count']} {row['bytes']} "
            f"by {row['root_kind'] or 'nothing'} from " +
            " < ".join(f"{frame['function']}:{frame['line']}"
                       for frame in row["stack"][:6]) for row in self.rows)


def plus(a, b):
    return (a[0] + b[0], a[1] + b[1])


class LeakKinds(wrapping.WrappingTest):
    def build(self, source, compiler, level):
        is_cpp = source.endswith(".cc")
        driver = {"gcc": ("gcc", "g++"), "clang": ("clang", "clang++")}
        target = os.path.join(
            self.folder, f"{os.path.splitext(source)[0]}-{compiler}{level}")
        command = [self.need(driver[compiler][is_cpp]), level, "-g", "-Wall",
                   "-Wno-unused-but-set-variable", "-I",
                   os.path.join(wrapping.SOURCE, "include"),
                   os.path.join(FOLDER, source), "-o", target, "-pthread"]
        command += ["-std=c++17"] if is_cpp else [
            "-std=gnu11", "-fno-builtin-malloc", "-ldl"]
        if source == "library.c":
            command += ["-shared", "-fPIC"]
        built = self.run_program(command)
        self.assertEqual((0, b"", b""),
                         (built.status, built.stdout, built.stderr))
        return target

    def cut_case(self, program, name, ends_itself, library):
        self.snapshots = f"{program}.{name}"
        environment = dict(os.environ, HEAPLINE_CASE_LIBRARY=library)
        outcome = self.run_traced(
            [program, name], environment=environment, timeout=60,
            options="" if ends_itself else "at_exit=0")
        self.assertEqual((0, b"", b""),
                         (outcome.status, outcome.stdout, outcome.stderr))
        snapshot, = self.snapshots_of()
        return snapshot

    def leaks(self, snapshot, source, *options):
        outcome = self.run_program(
            [wrapping.HEAPLINE, "leaks", snapshot, "--kinds",
             ",".join(ALL_KINDS), "--format", "json", *options])
        self.assertIn(outcome.status, (0, 1), repr(outcome))
        return Report(wrapping.json.loads(outcome.stdout), source)

    def mistakes(self, snapshot, source, truth):
        """What is wrong with the reports; nothing where they are exact."""
        expected, root = parse(truth)
        stale = expected.pop("stale", None)
        report = self.leaks(snapshot, source)
        if stale is not None:
            return self.mistakes_of_stale(snapshot, source, expected, stale)
        if report.by_kind() != expected:
            return f"reported {report}"
        if root is None:
            return None
        held = report.amount(report.own, ["reachable"], [root])
        if held != expected["reachable"]:
            return f"held otherwise: {report}"
        without = self.leaks(snapshot, source, "--ignore-roots", root)
        lost = without.amount(without.own, ["direct", "indirect"])
        for kind in ("direct", "indirect"):
            held = plus(held, expected.get(kind, (0, 0)))
        return None if lost == held else f"without {root}: {without}"

    def mistakes_of_stale(self, snapshot, source, expected, stale):
        report = self.leaks(snapshot, source)
        leaked = report.amount(report.rows, ["direct", "indirect", "possible"])
        suspect = report.amount(report.own, ["reachable"],
                                ["stack", "register"])
        lost = expected.get("direct", (0, 0))
        if plus(leaked, suspect) != plus(lost, stale):
            return f"reported {report}"
        text = self.run_program([wrapping.HEAPLINE, "leaks", snapshot])
        if suspect[0] and b"held only by a stack" not in text.stdout:
            return f"text hides it: {text.stdout.decode()}"
        without = self.leaks(snapshot, source, "--ignore-roots",
                             "stack,register")
        lost = plus(lost, stale)
        found = without.amount(without.own, ["direct"])
        return None if found == lost else f"without stacks: {without}"

    def hold(self, source):
        cases, at_exit = cases_of(source), exit_cases_of(source)
        wrong = []
        only = os.environ.get("HEAPLINE_CASES")  # for who writes one
        if only:
            cases = [case for case in cases if re.search(only, case[0])]
        for compiler, level in VARIANTS:
            library = self.build("library.c", compiler, level)
            program = self.build(source, compiler, level)
            for name, truth in cases:
                snapshot = self.cut_case(program, name, name in at_exit,
                                         library)
                mistake = self.mistakes(snapshot, source, truth)
                if mistake is not None:
                    wrong.append(f"{name} ({compiler} {level}): {truth}: "
                                 f"{mistake}")
        total = len(cases) * len(VARIANTS)
        print(f"{source}: {total - len(wrong)} of {total} exact")
        self.assertEqual([], wrong, "\n".join(wrong))

    def test_roots(self):
        self.hold("roots.c")

    def test_pointers(self):
        self.hold("pointers.c")

    def test_shapes(self):
        self.hold("shapes.c")

    def test_threads_and_processes(self):
        self.hold("threads.c")

    def test_owners(self):
        self.hold("owners.cc")

    def test_shared_ownership(self):
        self.hold("shared.cc")

    def test_stale_words(self):
        self.hold("stale.c")

    def test_twenty_lost_pairs_are_twenty_cycles(self):
        for compiler, level in VARIANTS:
            snapshot = self.cut_case(self.build("shared.cc", compiler, level),
                                     "twenty_lost_pairs", False, "")
            rows = self.report("cycles", snapshot)["rows"]
            self.assertEqual(20, len(rows))
            for row in rows:
                self.assertEqual((False, "ownership", 2, 112),
                                 (row["reachable"], row["label"], row["count"],
                                  row["bytes"]))
                self.assertEqual(["(anonymous namespace)::Person"] * 2,
                                 [member["type"] for member in row["members"]])
                # friend_of: the object, and the block with its counts.
                self.assertEqual([16, 24, 16, 24],
                                 [edge["offset"] for edge in row["edges"]])

    def test_every_case_is_held(self):
        held = {"roots.c", "pointers.c", "shapes.c", "threads.c", "owners.cc",
                "shared.cc", "stale.c"}
        present = set(os.listdir(FOLDER)) - {"case.h", "library.c"}
        self.assertEqual(held, present)
        names = [name for source in held for name, _ in cases_of(source)]
        self.assertEqual(len(names), len(set(names)), "a name twice")
        self.assertGreaterEqual(len(names), 60)


if __name__ == "__main__":
    unittest.main()

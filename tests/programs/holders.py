"""Who keeps it: the reports over the object graph of real programs, held to what
the programs themselves count: a cache that grows, blocks that should be gone."""

import json
import os
import unittest

import wrapping
from probes import HERE

ARROW = "  -> "


class HoldersTest(wrapping.WrappingTest):
    def compile(self, compiler, source, *flags):
        program = os.path.join(self.folder, os.path.splitext(source)[0])
        outcome = self.run_program(
            [compiler, "-g", "-Wall", "-Wextra", "-Werror", *flags,
             "-I" + wrapping.SOURCE + "/include", os.path.join(HERE, source),
             "-o", program])
        self.assertEqual(0, outcome.status, repr(outcome))
        return program


class GrowingCache(HoldersTest):
    HOLDER = "global server::sessions"

    def hold(self, optimisation):
        program = self.compile("g++", "cache_server_probe.cc", "-std=c++17",
                               optimisation)
        outcome = self.run_traced([program], "at_exit=0")
        self.assertEqual((0, b""), (outcome.status, outcome.stderr))
        (old_bytes, _), (new_bytes, new_blocks) = [
            [int(word) for word in line.split()[1:]]
            for line in outcome.stdout.decode().splitlines()]
        older, newer = self.snapshots_of()
        self.hold_retained(newer, new_bytes, new_blocks)
        self.hold_diff(older, newer, old_bytes, new_bytes)
        self.hold_paths(newer)
        self.hold_graph(newer, new_bytes)

    def expect_near(self, expected, found):
        """Within a hundredth."""
        self.assertLessEqual(abs(expected - found), expected / 100,
                             f"expected {expected}, found {found}")

    def hold_retained(self, path, cached_bytes, cached_blocks):
        rows = self.report("retained", path, "--by", "type")["rows"]
        holder, = [row for row in rows if row["key"] == self.HOLDER]
        self.expect_near(cached_bytes, holder["retained_bytes"])
        self.expect_near(cached_blocks, holder["retained_count"])
        # What has no vtable is called by its site; most of it is the cache's.
        most = max(rows, key=lambda row: row["shallow_bytes"])
        self.assertEqual(self.HOLDER, most["held_by"])

    def hold_diff(self, older, newer, old_bytes, new_bytes):
        row = self.report("diff", older, newer)["rows"][0]
        kept = row["kept_by"]
        self.assertEqual((self.HOLDER, "global"),
                         (kept["holder"], kept["kind"]))
        self.expect_near(new_bytes, kept["retained_bytes"])
        # The table of buckets was made anew, so all of it is growth.
        self.assertLessEqual(new_bytes - old_bytes, kept["growth_bytes"])
        self.assertLessEqual(kept["growth_bytes"], new_bytes)
        self.assertIn(f"    kept by {self.HOLDER}: ",
                      self.heapline("diff", older, newer))

    def hold_paths(self, path):
        most = self.report("top", path)["rows"][0]
        text = self.heapline("paths", path, os.path.basename(most["key"]))
        self.assertEqual(self.HOLDER, text.splitlines()[0])
        paths = self.report("paths", path, most["key"])["rows"]
        self.assertEqual({"kind": "global", "name": "server::sessions"},
                         paths[0]["root"])

    def hold_graph(self, path, cached_bytes):
        tree = self.report("graph", path)["rows"]
        self.assertEqual(self.HOLDER, tree[1]["key"])
        self.expect_near(cached_bytes, tree[1]["retained_bytes"])
        below = self.report("graph", path, "--from", "server::sessions")
        self.assertEqual(self.HOLDER, below["rows"][0]["key"])

    def test_its_holder_is_named_without_optimisation(self):
        self.hold("-O0")

    def test_its_holder_is_named_with_optimisation(self):
        self.hold("-O2")


class ExpectedDead(HoldersTest):
    def test_what_lives_on_is_reported_with_its_path(self):
        program = self.compile("gcc", "expected_dead_probe.c", "-O1")
        outcome = self.run_traced([program])
        self.assertEqual((0, b""), (outcome.status, outcome.stderr))
        told = dict(line.split() for line in
                    outcome.stdout.decode().splitlines())
        path, = self.snapshots_of()
        document = json.loads(
            self.heapline("leaks", path, "--format", "json", status=1))
        found = {row["label"]: row for row in document["expected_dead"]}
        self.assertEqual({"logged out", "lost"}, set(found))
        kept, lost = found["logged out"], found["lost"]
        self.assertEqual(int(told["kept"], 16), kept["address"])
        self.assertEqual((48, "reachable"), (kept["bytes"], kept["kind"]))
        self.assertEqual({"kind": "global", "name": "sessions"}, kept["root"])
        self.assertEqual([0, 0], [hop["offset"] for hop in kept["hops"]])
        self.assertEqual(kept["address"], kept["hops"][-1]["address"])
        self.assertEqual(int(told["lost"], 16), lost["address"])
        self.assertEqual(("direct", []), (lost["kind"], lost["hops"]))
        lines = self.heapline("leaks", path, status=1).splitlines()
        at = lines.index("expected to be freed by now, but live: 2 blocks")
        self.assertTrue(lines[at + 1].endswith(
            '"logged out", held by global sessions'), lines[at + 1])
        self.assertTrue(lines[at + 2].startswith(ARROW), lines[at + 2])
        self.assertTrue(lines[-1].endswith('"lost": no root leads to it'))


if __name__ == "__main__":
    unittest.main()

"""Which lines grow over a series: held to a program whose every line is known
to leak, to fill up, to come and go or to be built once."""

import os
import unittest

import wrapping
from probes import HERE

SOURCE = os.path.join(HERE, "series_probe.cc")
ROUNDS = 40


def lines_of_source():
    """{name: "series_probe.cc:LINE"} of the lines that end in // NAME."""
    names = {}
    with open(SOURCE, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            code, mark, name = line.rstrip().rpartition(";  // ")
            if mark and "malloc" in code:
                names[name] = f"series_probe.cc:{number}"
    return names


class Series(wrapping.WrappingTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lines = lines_of_source()
        assert len(cls.lines) == 5, cls.lines

    def record(self, rounds=ROUNDS, options="at_exit=0", flags=()):
        """Runs it, and gives all snapshots so far, oldest process first."""
        program = os.path.join(self.folder, "series_probe")
        outcome = self.run_program(
            ["g++", "-std=c++17", "-g", "-O1", "-fno-builtin", "-Wall",
             "-Werror", *flags, "-I" + wrapping.SOURCE + "/include", SOURCE, "-o",
             program])
        self.assertEqual(0, outcome.status, repr(outcome))
        outcome = self.run_traced([program, str(rounds)], options)
        self.assertEqual((0, b""), (outcome.status, outcome.stderr))
        return sorted(self.snapshots_of(), key=os.path.getmtime)

    def expect_refused(self, paths, why):
        outcome = self.run_program([wrapping.HEAPLINE, "trend", *paths])
        self.assertEqual((2, b""), (outcome.status, outcome.stdout))
        self.assertIn(why, outcome.stderr)
        self.assertEqual(1, len(outcome.stderr.splitlines()))

    def rows_by_name(self, document):
        rows = {os.path.basename(row["key"]): row for row in document["rows"]}
        return {name: rows[line] for name, line in self.lines.items()}

    def test_each_line_gets_its_verdict(self):
        self.record()
        document = self.report("trend", self.snapshots)
        rows = self.rows_by_name(document)
        verdicts = {name: row["verdict"] for name, row in rows.items()}
        self.assertEqual({"leak": "growing", "vector": "growing",
                          "traffic": "flat", "lru": "saturating",
                          "table": "saturating"}, verdicts)
        for row in document["rows"]:
            if len(set(row["values"])) == 1 == len(set(row["counts"])):
                self.assertEqual("flat", row["verdict"], row)
        growing = [row for row in document["rows"]
                   if row["verdict"] == "growing"]
        self.assertEqual(2, len(growing), growing)
        self.assertEqual(growing, document["rows"][:2], "they stand first")
        leak = rows["leak"]
        self.assertAlmostEqual(200, leak["slope_bytes_per_snapshot"], delta=1)
        self.assertAlmostEqual(200, leak["slope_bytes_per_round"], delta=1)
        self.assertAlmostEqual(1, leak["slope_blocks_per_snapshot"], delta=.01)
        self.assertLess(leak["p_value"], .01)
        self.assertLess(0, leak["slope_bytes_per_second"])
        self.assertEqual([200 * (i + 1) for i in range(ROUNDS)],
                         leak["values"])
        self.assertEqual("global (anonymous namespace)::leaked",
                         leak["kept_by"]["root"])

    def test_a_leak_is_found_under_noise_of_its_own_line(self):
        """By function traffic and leak are one key: a block a round under some
        fifty that come and go."""
        self.record()
        document = self.report("trend", self.snapshots, "--by", "function",
                               "--include", "*Serve*")
        row, = document["rows"]
        self.assertEqual("growing", row["verdict"], row)

    def test_files_out_of_order_are_refused(self):
        paths = self.record(rounds=4)
        self.expect_refused([paths[0], paths[2], paths[1]], b"out of order")

    def test_sampled_snapshots_do_not_follow_exact_ones(self):
        exact = self.record(rounds=3)
        both = self.record(rounds=3, options="at_exit=0:sample=64")
        self.expect_refused(both, b"traced differently, exact and sample=64")
        self.assertEqual(3, len(exact))

    def test_another_build_is_another_series(self):
        self.record(rounds=3)
        both = self.record(rounds=3, flags=["-DANOTHER_BUILD", "-O2"])
        self.expect_refused(both, b"of different builds of series_probe")

    def test_two_snapshots_are_no_series(self):
        paths = self.record(rounds=2)
        self.expect_refused(paths, b"3 snapshots or more")


if __name__ == "__main__":
    unittest.main()

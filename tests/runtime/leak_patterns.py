"""What the scenarios of chapter 6 print, the leak patterns, and the article's six
exercises."""

import unittest

import demo_program
from demo_program import lines

FILES = ("accumulation.cc", "captured.cc", "native_patterns.cc", "exercises.cc")

# What the broken and the fixed variant print.
PATTERNS = {
    "unbounded-cache": ("1280 pages fetched: 1280 cached",
                        "1280 pages fetched: 128 cached"),
    "global-list": ("500 requests processed: 500 kept",
                    "500 requests processed: 0 kept"),
    "class-holder": (
        "200 connections closed: Connection.instances lists 200",
        "200 connections closed: Connection.instances lists 0"),
    "forgotten-local": (
        "serving, with a table of 4194304 bytes that is not used any more",
        "serving, with a table of 0 bytes that is not used any more"),
    "closures": (
        "200 calls deferred, for the lengths of 200 bodies: 1687800 bytes",
        "200 calls deferred, for the lengths of 200 bodies: 48400 bytes"),
    "foreign-block": (
        "gc.collect() finds 0 unreachable; 40 of 40 sessions live",
        "gc.collect() finds 0 unreachable; 0 of 40 sessions live"),
    "saved-error": (
        "50 errors saved; the last one says:\n"
        "Traceback (most recent call last):\n  in parse\n"
        "ValueError: no closing bracket",
        "50 errors saved; the last one says:\nValueError: no closing bracket"),
    "string-concatenation": (
        "20000 characters by s += chunk: 2002 blocks",
        '20000 characters by "".join(chunks): 2 blocks'),
    "whole-file": ("6000000 characters processed, peak above the file's size",
                   "6000000 characters processed, peak one line"),
    "thread-pool": ("8 threads have ended, 0 of their buffers are freed",
                    "8 threads have ended, 8 of their buffers are freed"),
    "lost-pointer": ("25 messages formatted, 0 freed",
                     "25 messages formatted, 25 freed"),
    "lost-list": ("20 lists of 10 made, their heads lost",
                  "20 lists of 10 made, and freed"),
}


class LeakPatterns(unittest.TestCase):
    maxDiff = None

    def test_each_pattern_is_broken_and_fixed(self):
        for name, (broken, fixed) in PATTERNS.items():
            with self.subTest(name=name):
                self.assertEqual(broken, "\n".join(lines(name, "broken")))
                self.assertEqual(fixed, "\n".join(lines(name, "fixed")))

    def test_a_bounded_cache_stops_growing(self):
        printed = lines("bounded-cache")
        self.assertEqual(6, len(printed))
        self.assertEqual(
            " 64 pages fetched: "
            "CacheInfo(hits=0, misses=64, maxsize=128, currsize=64)",
            printed[0])
        for line in printed[1:]:
            self.assertIn("maxsize=128, currsize=128)", line)

    def test_each_exercise_finds_what_was_expected(self):
        for number in range(1, 7):
            with self.subTest(exercise=number):
                printed = "\n".join(lines(f"exercise-{number}"))
                self.assertNotIn("NOT AS EXPECTED", printed)
                self.assertRegex(printed, "as expected|a higher threshold: "
                                 "fewer collections, a higher peak$")

    def test_both_heaps_print_the_same(self):
        names = demo_program.scenarios(*FILES)
        self.assertEqual(len(PATTERNS) + 1 + 6, len(names))
        for name in names:
            for variant in ("broken", "fixed"):
                with self.subTest(name=name, variant=variant):
                    self.assertEqual(lines(name, variant, "malloc"),
                                     lines(name, variant, "pools"))


if __name__ == "__main__":
    unittest.main()

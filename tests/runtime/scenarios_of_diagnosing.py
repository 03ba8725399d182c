"""Chapter 5 of the articles: finding what leaks. The broken variant grows where
it says, the fixed one does not, and what is printed of a trace is in the
article's form."""

import json
import os
import re

import stages

# A line of tracemalloc's: file:line: size=… (+…), count=… (+…), average=…
DIFFERENCE = re.compile(
    r" (\S+):(\d+): size=(.+) \(\+(.+)\), count=(\d+) \(\+(\d+)\), "
    r"average=(.+)$")


class Tracing(stages.StageTest):
    def test_a_simulated_leak_is_printed_as_the_article_does(self):
        for heap in stages.HEAPS:
            with self.subTest(heap=heap):
                run = self.traced("leak-detection", heap=heap)
                self.assertEqual("\nTop 5 memory increases:",
                                 "\n".join(run.lines[:2]))
                first = DIFFERENCE.match(run.lines[2])
                self.assertTrue(first, run.lines[2])
                line = run.truth["grows"][0]
                self.assertEqual(os.path.basename(line),
                                 f"{first[1]}:{first[2]}")
                self.assertEqual("1000", first[6])
                self.assertRegex(
                    run.text,
                    r"\n\nCurrent: 9\.\d\d MB\nPeak : (9|10)\.\d\d MB\n$")

    def test_what_is_let_go_is_no_leak(self):
        run = self.traced("leak-detection", "fixed")
        # The list gives back the room that it was made with.
        self.assertNotRegex(run.text, r"diagnosing\.cc:\d+: size=[^(]*\(\+")
        self.assertRegex(run.text, r"\nCurrent: 0\.\d\d MB\n")

    def test_statistics_rank_lines(self):
        run = self.traced("tracemalloc")
        self.assertRegex(run.lines[0],
                         r"^diagnosing\.cc:\d+: size=.*, count=\d+, average=")
        self.assertEqual("is_tracing: False", run.lines[-1])

    def test_without_a_tracer_it_says_so(self):
        self.assertEqual(
            "(nothing is traced: `heapline demo` runs it under the tracer)\n",
            self.printed("tracemalloc"))

    def test_a_peak_is_that_of_its_phase_after_a_reset(self):
        self.assertEqual(
            "phase 1: peak 8.0 MB\n"
            "phase 2, without a reset: peak 8.0 MB\n"
            "phase 2, after reset_peak: peak 2.0 MB\n",
            self.printed("peak-reset"))
        run = self.traced("peak-reset")
        traced = [float(n) for n in re.findall(r"traced: ([0-9.]+)", run.text)]
        self.assertEqual([8, 8, 2], [round(n) for n in traced])


class Growth(stages.StageTest):
    def test_a_module_s_list_grows_by_a_call(self):
        self.assertEqual("after 1000 calls the module's list has 1010 items\n",
                         self.printed("module-list"))
        self.assertEqual("after 1000 calls the module's list has 10 items\n",
                         self.printed("module-list", "fixed"))

    def test_the_line_that_grows_is_named(self):
        for scenario in ("module-list", "survivors", "growth-by-type",
                         "resident-series", "intern-growth"):
            with self.subTest(scenario=scenario):
                run = self.traced(scenario)
                name = os.path.basename(run.truth["grows"][0])
                first, *_, last = run.snapshots()
                rows = self.report("diff", first, last, "--by", "line",
                                   "--wrapper", "runtime::*")["rows"]
                self.assertEqual(name, os.path.basename(rows[0]["key"]))
                self.assertGreater(rows[0]["growth_bytes"], 0)

    def test_survivors_are_told_by_their_age(self):
        ages = "".join(f"  in {age}: %d\n" for age in (1, 2, 3, 4))
        head = "requests by the number of snapshots that they are alive in:\n"
        self.assertEqual(head + ages % (10, 10, 10, 10),
                         self.printed("survivors"))
        self.assertEqual(head + ages % (0, 0, 0, 0),
                         self.printed("survivors", "fixed"))

    def test_types_that_grow_are_told_as_objgraph_does(self):
        self.assertEqual(
            "show_growth(), call 1:\n"
            "Listener       50       +50\n"
            "show_growth(), call 2:\n"
            "Listener      100       +50\n"
            "who holds the last one?\n"
            "Listener\n"
            "  held by list (1 reference)\n"
            "find_backref_chain(), from a variable: list -> Listener\n",
            self.printed("growth-by-type"))
        self.assertEqual("show_growth(), call 1:\nshow_growth(), call 2:\n",
                         self.printed("growth-by-type", "fixed"))


class Lifecycle(stages.StageTest):
    def test_events_are_left_a_line_each(self):
        run = self.plain("lifecycle")
        with open(os.path.join(run.folder, "events.jsonl"),
                  encoding="utf-8") as file:
            events = [json.loads(line) for line in file]
        self.assertEqual(list(range(len(events))),
                         [event["event"] for event in events])
        whats = [event["what"] for event in events]
        self.assertEqual(["watched", "finalized", "freed"],
                         [whats[0], *whats[-2:]])
        self.assertEqual(1, len({event["object"] for event in events}))
        taken = [event for event in events if event["what"] == "incref"]
        self.assertEqual([2, 3], [event["count"] for event in taken])
        for event in taken:
            self.assertRegex(f"{event['file']}:{event['line']}",
                             r"/counting\.cc:\d+$")

    def test_without_events_there_is_no_file_of_them(self):
        run = self.plain("counting")
        self.assertNotIn("events.jsonl", os.listdir(run.folder))


class Services(stages.StageTest):
    def figures(self, run, name):
        return [float(n)
                for n in re.findall(name + r" +([0-9.]+) MB", run.text)]

    def test_resident_memory_follows_what_lives(self):
        for heap in stages.HEAPS:
            run = self.plain("resident-series", heap=heap)
            live = self.figures(run, "live")
            resident = self.figures(run, "resident")
            self.assertEqual([3.8, 7.6, 11.5, 15.3], live)
            self.assertEqual(sorted(resident), resident)
            self.assertGreater(resident[-1], live[-1] - 1)
            fixed = self.plain("resident-series", "fixed", heap)
            self.assertEqual([0, 0, 0, 0], self.figures(fixed, "live"))

    def test_freed_memory_stays_until_it_is_trimmed(self):
        run = self.plain("fragmentation")
        live, resident = self.figures(run, "live"), self.figures(run,
                                                                 "resident")
        self.assertEqual([0.5, 0.5], live)
        self.assertGreater(resident[0], 30)
        self.assertLess(resident[1], 10)

    def test_the_snapshot_near_the_limit_outlives_the_process(self):
        self.assertEqual(
            "a process that may have 512 MB took all of it: killed by signal "
            "9\n", self.printed("out-of-memory"))
        run = self.traced("out-of-memory")
        (kept,) = run.snapshots("again")
        self.assertIn(f"kept from before its end: {kept}\n", run.text)
        text = str(self.report("info", kept))
        self.assertIn("near_limit", text)
        rows = self.report("top", kept, "--by", "function")["rows"]
        self.assertGreater(sum(row["live_bytes"] for row in rows), 200 << 20)

    def test_a_sampled_run_names_the_same_line(self):
        run = self.traced("sampling")
        last = run.lines[-1]
        self.assertRegex(last, r"^long_running\.cc:\d+: size=")
        megabytes = float(re.search(r"size=([0-9.]+) MiB", last)[1])
        # 20 MB in samples of 64 KiB: some 300, so 6 % is one deviation.
        self.assertAlmostEqual(20, megabytes, delta=8)

    def test_a_guard_closes_at_the_end_of_its_block(self):
        later = "after the next collection, whenever that is: 0\n"
        self.assertEqual("three requests done, transfers open: 3\n" + later,
                         self.printed("scope-guard"))
        self.assertEqual("three requests done, transfers open: 0\n" + later,
                         self.printed("scope-guard", "fixed"))


if __name__ == "__main__":
    stages.main()

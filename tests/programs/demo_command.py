"""heapline demo, against a program that stands in for the demonstration: the
map, one scenario, all of them, the experiment, and what it says when something
is wrong."""

import glob
import json
import os
import shutil
import signal
import subprocess
import unittest

import wrapping
from probes import HERE


class DemoTest(wrapping.WrappingTest):
    def setUp(self):
        super().setUp()
        self.tree = os.path.join(self.folder, "tree")
        for part in ("bin", "lib", "libexec/heapline", "tmp"):
            os.makedirs(os.path.join(self.tree, part))
        # Copies: it looks beside the file that it is.
        for path, part in ((wrapping.HEAPLINE, "bin"), (wrapping.SHIM, "lib")):
            try:
                os.link(path, os.path.join(self.tree, part,
                                           os.path.basename(path)))
            except OSError:
                shutil.copy(path, os.path.join(self.tree, part))
        self.stand_in = os.path.join(self.tree, "libexec/heapline/heapline-demo")
        shutil.copy(os.path.join(HERE, "demo_stand_in.py"), self.stand_in)
        os.chmod(self.stand_in, 0o755)

    def demo(self, *arguments, status=0, fault=""):
        outcome = self.run_program(
            [os.path.join(self.tree, "bin", "heapline"), "demo", *arguments],
            environment={**os.environ, "STAND_IN": fault,
                         "TMPDIR": os.path.join(self.tree, "tmp")})
        self.assertEqual(status, outcome.status, repr(outcome))
        return outcome

    def shown(self, *arguments, **more):
        return self.demo(*arguments, **more).stdout.decode()

    def told(self, *arguments, **more):
        document = json.loads(self.shown(*arguments, "--format", "json", **more))
        self.assertEqual({"name": "heapline.demo", "version": 1},
                         document["schema"])
        return document

    def problem(self, *arguments, **more):
        outcome = self.demo(*arguments, status=2, **more)
        self.assertEqual(b"", outcome.stdout)
        lines = outcome.stderr.decode().splitlines()
        self.assertEqual(1, len(lines), repr(outcome))
        return lines[0]


class Shows(DemoTest):
    def test_the_list_maps_each_row(self):
        rows = self.told("list")["rows"]
        self.assertEqual([4, 5, 11], [row["row"] for row in rows])
        self.assertEqual({"row": 11, "scenario": "lost-pair",
                          "kind": "scenario", "where": "samples/demo/pair.cc"},
                         rows[2])
        text = self.shown()
        self.assertIn("\n  5  -  ", text)
        self.assertIn(" 11  lost-pair ", text)

    def test_a_scenario_is_shown_with_its_reports_and_the_truth(self):
        text = self.shown("growing-list")
        parts = ["growing-list: A list without a bound (checklist 78, 81)",
                 "== broken ==", "this is growing-list, broken, on malloc",
                 "$ heapline diff heapline-demo.",
                 " --by line --wrapper 'runtime::*'",
                 "grow.cc:12: size=", "$ heapline retained ",
                 "the runtime's own truth", "items = 1000",
                 "list: shallow 64 B, deep 8064 B, retained 8064 B in 2 blocks; "
                 "the snapshots say the same",
                 "== fixed ==", "what graph reports show",
                 "check: growth: broken 7.81 KiB more on the line, fixed 100 B",
                 ": right", "The list keeps every item; bound it."]
        at = 0
        for part in parts:
            found = text.find(part, at)
            self.assertNotEqual(-1, found, f"{part!r} not behind {text[:at]!r}")
            at = found

    def test_a_scenario_is_told_to_machines(self):
        told = self.told("lost-pair", "--heap", "pools")
        self.assertEqual(True, told["verdict"]["right"])
        broken, fixed = told["rows"]
        self.assertEqual(("broken", "pools", "cycle", 96),
                         (broken["variant"], broken["heap"], broken["symptom"],
                          broken["symptom_amount"]))
        self.assertEqual(0, fixed["symptom_amount"])
        self.assertEqual(["this is lost-pair, broken, on pools"],
                         [row["line"] for row in told["broken: output"]])
        cycle, = told["broken: cycles"]
        self.assertEqual(2, cycle["count"])
        truth = {row["name"]: row["value"] for row in told["broken: truth"]}
        self.assertEqual((1, 2, 2), (truth["unreachable_cycles"],
                                     truth["cycle_members"],
                                     truth["lost_blocks"]))
        # A report that cannot be made says why in its place.
        problem, = told["broken: paths demo::Node"]
        self.assertIn("demo::Node", problem["problem"])

    def test_all_are_summed_up(self):
        told = self.told("all")
        self.assertEqual(True, told["verdict"]["right"])
        self.assertEqual(
            [(name, heap) for name in ("growing-list", "lost-pair", "plain")
             for heap in ("malloc", "pools")],
            [(row["scenario"], row["heap"]) for row in told["rows"]])
        for row in told["score"]:
            self.assertEqual((1, 1), (row["precision"], row["recall"]), row)
        self.assertEqual([2, 2], [row["exact_agrees"] for row in told["sizes"]])
        self.assertIn("6 of 6 right", self.shown("all"))

    def test_the_experiment_is_a_table_a_chart_and_csv(self):
        csv = os.path.join(self.folder, "trials.csv")
        text = self.shown("tune", "--csv", csv)
        self.assertIn("collections by threshold", text)
        bars = [line.count("#") for line in text.splitlines() if "#" in line]
        self.assertEqual([40, 10, 2, 2, 10, 40], bars)
        with open(csv) as file:
            lines = file.read().splitlines()
        self.assertEqual("threshold,collections,max_pause_ns,median_pause_ns,"
                         "total_ns,peak_bytes", lines[0])
        self.assertEqual("400,20,400000,200000,5000000,819200", lines[2])
        self.assertEqual([100, 400, 1600],
                         [row["threshold"] for row in self.told("tune")["rows"]])

    def test_snapshots_are_kept_where_that_is_asked(self):
        self.demo("plain")
        self.assertEqual([], os.listdir(os.path.join(self.tree, "tmp")))
        kept = os.path.join(self.folder, "kept")
        text = self.shown("plain", "--keep", kept)
        path = text.split("$ heapline top ")[1].split()[0]
        self.assertTrue(path.startswith(kept), path)
        self.assertTrue(os.path.exists(path))
        self.assertIn("it holds files already",
                      self.problem("plain", "--keep", kept))


    def test_what_is_not_kept_goes_when_it_was_read(self):
        self.demo("all", fault="must be alone")


class Wrong(DemoTest):
    def test_an_option_that_says_nothing_is_a_mistake(self):
        for words, name in ((["list", "--heap", "malloc"], "a scenario's name"),
                            (["all", "--heap", "pools"], "a scenario's name"),
                            (["tune", "--keep", "x"], "name or `all`"),
                            (["--keep", "x"], "name or `all`"),
                            (["all", "--csv", "-"], "`tune`"),
                            (["plain", "--csv", "-"], "`tune`")):
            line = self.problem(*words)
            self.assertIn(" says nothing to it; give it with ", line)
            self.assertTrue(line.endswith(name), line)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "x")))

    def test_a_folder_that_cannot_be_made_is_told_with_its_reason(self):
        try:
            os.mkdir("/sys/heapline-demo")
        except OSError as error:
            reason = error.strerror
        self.assertIn(f"/sys/heapline-demo: {reason}; name another folder",
                      self.problem("plain", "--keep", "/sys/heapline-demo"))

    def test_a_symptom_that_is_not_cured_is_told(self):
        text = self.shown("growing-list", status=2, fault="never cured")
        self.assertIn(": WRONG", text)
        told = self.told("all", status=2, fault="never cured")
        self.assertEqual([False, False, False, False, True, True],
                         [row["right"] for row in told["rows"]])

    def test_sizes_that_disagree_are_told(self):
        text = self.shown("growing-list", status=2, fault="wrong sizes")
        self.assertIn("; the exact snapshot says shallow 64 B", text)

    def test_a_program_that_ends_badly_is_told(self):
        self.assertIn("it ended with status 3",
                      self.problem("plain", fault="ends badly"))
        told = self.told("all", status=2, fault="ends badly")
        for row in told["rows"]:
            self.assertIn("it ended with status 3", row["problem"])

    def test_a_program_that_ends_itself_is_told_and_the_others_run(self):
        told = self.told("all", status=2, fault="ends itself")
        self.assertEqual(6, len(told["rows"]))
        for row in told["rows"]:
            self.assertIn("it ended by signal 15", row["problem"])

    def test_a_snapshot_without_a_number_is_none_of_the_cuts(self):
        self.demo("plain", fault="odd name")

    def test_a_cut_without_a_snapshot_is_told(self):
        self.assertIn("it was cut 1 time, and 0 snapshots came of it",
                      self.problem("plain", fault="no snapshot"))

    def test_what_is_not_understood_is_told(self):
        self.assertIn("name is not a text",
                      self.problem("plain", fault="no list"))
        self.assertIn("did you mean 'lost-pair'?", self.problem("lost-pear"))

    def test_an_absent_program_is_told(self):
        os.remove(self.stand_in)
        line = self.problem("list")
        self.assertIn("looking for heapline-demo: it is not in " + self.tree,
                      line)
        self.assertIn("cmake --install", line)


class Interrupted(DemoTest):
    def check_ends_by(self, ending, send):
        tmp = os.path.join(self.tree, "tmp")
        process = subprocess.Popen(
            [os.path.join(self.tree, "bin", "heapline"), "demo", "all"],
            env={**os.environ, "STAND_IN": "waits", "TMPDIR": tmp},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)
        try:
            self.wait_until(
                lambda: glob.glob(os.path.join(tmp, "*", "*", "waiting")),
                "a scenario that runs")
            send(process.pid, ending)
            stdout, _ = process.communicate(timeout=240)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        self.assertEqual(-ending, process.returncode)
        self.assertEqual(b"", stdout)
        self.assertEqual([], os.listdir(tmp))

    def test_all_ends_by_the_signal_that_a_terminal_sends_to_both(self):
        self.check_ends_by(signal.SIGINT, os.killpg)

    def test_all_ends_by_the_signal_that_is_sent_to_heapline_alone(self):
        self.check_ends_by(signal.SIGTERM, os.kill)


if __name__ == "__main__":
    unittest.main()

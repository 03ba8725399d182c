"""Starts, forks, execs and ends: every way out of a process leaves exactly one
whole snapshot, every process its own, and none hangs."""

import os
import unittest

import wrapping
from probes import ProbeTest


def holds(snapshot, size):
    return sum(1 for block in snapshot.blocks if block[1] == size)


class ProcessLife(ProbeTest):
    def probe(self):
        return self.compile("process_life_probe.c")

    def run_way(self, *way, options="", status=3, timeout=120):
        outcome = self.run_traced([self.probe(), *way], options=options,
                                  timeout=timeout)
        self.assertEqual(status, outcome.status, repr(outcome))
        self.assertEqual(b"", outcome.stderr)
        return self.read_all()

    def expect_one_whole_file(self, *way, status=3):
        snapshots = self.run_way(*way, status=status)
        self.assertEqual(1, len(snapshots))
        self.assertEqual("exit", snapshots[0].properties["reason"])
        self.assertEqual(1, snapshots[0].properties["complete"])
        self.assertEqual(1, holds(snapshots[0], 4000))
        return snapshots[0]

    def test_return_from_main_leaves_one_whole_file(self):
        self.expect_one_whole_file("return")

    def test_exit_leaves_one_whole_file(self):
        self.expect_one_whole_file("exit")

    def test_quick_exit_leaves_one_whole_file(self):
        self.expect_one_whole_file("quick_exit")

    def test_immediate_exits_leave_one_whole_file(self):
        for way in ("_exit", "_Exit", "syscall"):
            with self.subTest(way=way):
                self.remove_snapshots()
                self.expect_one_whole_file(way)

    def test_the_exit_snapshot_comes_after_exit_handlers(self):
        self.assertEqual(1, holds(self.expect_one_whole_file("at_exit"), 5000))

    def test_the_last_thread_leaves_one_whole_file(self):
        snapshot = self.expect_one_whole_file("pthread_exit", status=0)
        self.assertEqual(1, holds(snapshot, 4001))

    def test_exit_beside_running_threads_leaves_one_whole_file(self):
        for _ in range(10):
            self.remove_snapshots()
            snapshot = self.expect_one_whole_file("exit_beside_threads")
            self.assertEqual(5, len(snapshot.threads))

    def test_at_exit_0_leaves_none(self):
        self.assertEqual([], self.run_way("exit", options="at_exit=0"))

    def test_a_forked_child_leaves_a_file_of_its_own(self):
        for way in ("fork", "raw_clone"):
            with self.subTest(way=way):
                self.remove_snapshots()
                snapshots = self.run_way(way)
                self.assertEqual(2, len(snapshots))
                pids = {s.properties["pid"] for s in snapshots}
                self.assertEqual(2, len(pids))
                child, parent = sorted(
                    snapshots, key=lambda s: -holds(s, 4001))
                self.assertEqual(parent.properties["pid"],
                                 child.properties["parent_pid"])
                # What was inherited is there too.
                self.assertEqual((1, 1), (holds(child, 4000),
                                          holds(child, 4001)))
                self.assertEqual((1, 0), (holds(parent, 4000),
                                          holds(parent, 4001)))
                for snapshot in snapshots:
                    self.assertEqual(1, snapshot.properties["complete"])

    def test_follow_exec_leaves_forked_copies_alone(self):
        self.assertEqual(1, len(self.run_way("fork", options="follow=exec")))

    def test_follow_none_leaves_children_alone(self):
        probe = self.probe()
        outcome = self.run_traced(
            ["/bin/sh", "-c", f"{probe} return; {probe} exit; :"],
            options="follow=none")
        self.assertEqual(0, outcome.status)
        self.assertEqual(
            ["sh"], [s.properties["program"] for s in self.read_all()])

    def test_follow_names_the_children_that_are_traced(self):
        probe = self.probe()
        other = os.path.join(self.folder, "other_name")
        os.link(probe, other)
        outcome = self.run_traced(
            ["/bin/sh", "-c", f"{probe} return; {other} exit; :"],
            options="follow=process_life*,none-such")
        self.assertEqual(0, outcome.status)
        programs = [s.properties["program"] for s in self.read_all()]
        self.assertEqual(1, programs.count("process_life_probe"))
        self.assertNotIn("other_name", programs)

    def test_a_chain_of_50_execs_leaves_the_last_images_file(self):
        self.expect_one_whole_file("exec_chain", "50", status=0)

    def test_failed_execs_change_nothing(self):
        snapshots = self.run_way("failed_execs", options="signal=USR2",
                                 status=0)
        self.assertEqual(["exit", "signal"], sorted(
            s.properties["reason"] for s in snapshots))

    def test_vfork_children_and_spawned_ones_change_nothing(self):
        snapshots = self.run_way("vfork_children", "200", status=0)
        by_program = [s.properties["program"] for s in snapshots]
        self.assertEqual(1, by_program.count("process_life_probe"))
        self.assertEqual(300, by_program.count("true"))

    def test_forks_beside_allocating_threads_do_not_hang(self):
        snapshots = self.run_way("fork_rounds", "300", status=0)
        self.assertEqual(301, len(snapshots))

    def test_execs_under_snapshots_do_not_die(self):
        snapshots = self.run_way("exec_rounds", "300", options="interval=10ms",
                                 status=0)
        ends = [s for s in snapshots if s.properties["program"] == "true"
                and s.properties["reason"] == "exit"]
        self.assertEqual(300, len(ends))

    def test_dlopen_beside_dl_iterate_phdr_does_not_hang(self):
        library = self.compile_library("process_life_library.c")
        snapshots = self.run_way("dlopen_rounds", "300", library, status=0,
                                 options="interval=10ms")
        self.assertIn("exit", [s.properties["reason"] for s in snapshots])

    def test_the_writer_is_no_child_of_the_program(self):
        self.run_way("no_children", status=0)


if __name__ == "__main__":
    unittest.main()

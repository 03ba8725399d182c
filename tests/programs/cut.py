"""How a snapshot is cut: consistent, and unnoticed by the program."""

import unittest

import snapshot_bytes
from probes import ProbeTest


class Cut(ProbeTest):
    def run_case(self, *case, options="at_exit=0", stderr=b""):
        probe = self.compile("cut_probe.c", "-I", snapshot_bytes.SOURCE +
                             "/include")
        outcome = self.run_traced([probe, *case], options=options,
                                  timeout=200)
        self.assertEqual((0, stderr), (outcome.status, outcome.stderr),
                         repr(outcome))
        return self.read_all()

    def expect_all_stopped(self, snapshots):
        for snapshot in snapshots:
            self.assertEqual(0, snapshot.properties["threads_not_stopped"])
            self.assertEqual(1, snapshot.properties["complete"])

    def test_no_blocking_call_returns_early_under_a_hundred_snapshots(self):
        snapshots = self.run_case("blocking_calls", "100")
        self.assertEqual(100, len(snapshots))
        self.expect_all_stopped(snapshots)
        self.assertEqual({9}, {len(s.threads) for s in snapshots})

    def test_no_blocking_call_returns_early_under_a_timer(self):
        snapshots = self.run_case("blocking_calls", "0",
                                  options="at_exit=0:interval=5ms")
        self.assertGreater(len(snapshots), 10)

    def test_no_wait_of_a_main_thread_returns_early_under_a_timer(self):
        probe = self.compile("main_waits_probe.c")
        outcome = self.run_traced([probe], options="at_exit=0:interval=11ms")
        self.assertEqual((0, b""), (outcome.status, outcome.stderr))
        self.assertGreater(len(self.read_all()), 10)

    def test_waits_end_although_snapshots_come_more_often(self):
        self.assertGreater(len(self.run_case(
            "long_waits", options="at_exit=0:interval=100ms")), 10)

    def test_the_programs_own_signals_still_interrupt_its_calls(self):
        self.run_case("own_interruptions", options="at_exit=0:interval=7ms")

    def test_the_writer_holds_no_descriptor_of_the_program(self):
        self.assertEqual(30, len(self.run_case("descriptors")))

    def test_wait_and_sigchld_do_not_see_the_writer(self):
        self.assertEqual(30, len(self.run_case("invisible_child")))

    def test_busy_threads_are_cut_consistently(self):
        snapshots = self.run_case("busy_threads", "60")
        self.assertEqual(60, len(snapshots))
        self.expect_all_stopped(snapshots)

    def test_a_thread_that_blocks_all_signals_is_counted(self):
        snapshot, = self.run_case("deaf_thread")
        self.assertEqual(1, snapshot.properties["threads_not_stopped"])
        self.assertEqual(0, snapshot.properties["complete"])
        self.assertEqual(16, snapshot.properties["incomplete_reasons"])
        self.assertLess(snapshot.properties["stop_us"], 2000000)

    def test_a_thread_in_vfork_counts_as_stopped(self):
        snapshot, = self.run_case("thread_in_vfork")
        self.expect_all_stopped([snapshot])
        flags = [thread["flags"] for thread in snapshot.threads]
        self.assertIn(snapshot_bytes.THREAD_IN_VFORK, flags)

    def test_a_main_thread_that_has_ended_is_no_thread(self):
        snapshot, = self.run_case("main_thread_gone")
        self.expect_all_stopped([snapshot])
        self.assertEqual(1, len(snapshot.threads))

    def test_a_thousand_threads_stop(self):
        snapshot, = self.run_case("many_threads", "1000")
        self.expect_all_stopped([snapshot])
        self.assertEqual(1001, len(snapshot.threads))


if __name__ == "__main__":
    unittest.main()

"""triggers.py: each way a snapshot is cut without being asked by name, on a
running process, and what the program may notice of it: nothing."""

import os
import resource
import signal
import subprocess
import time
import unittest

from probes import ProbeTest

MIB = 1 << 20
USR2 = int(signal.SIGUSR2)


class Talk:
    """A probe that is running: lines to it, lines from it."""

    def __init__(self, process):
        self.process = process
        self.pid = process.pid

    def line(self):
        return self.process.stdout.readline().decode().strip()

    def go_on(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        return self.process.wait(timeout=120)


class TriggerTest(ProbeTest):
    def probe(self):
        return self.compile("trigger_probe.c")

    def start(self, *actions, options="", **more):
        return Talk(self.start_traced(
            [self.probe(), *actions], options, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, **more))

    def run_actions(self, *actions, options="", status=0, **more):
        outcome = self.run_traced([self.probe(), *actions], options=options,
                                  **more)
        self.assertEqual(status, outcome.status, repr(outcome))
        self.assertEqual(b"", outcome.stderr)
        return outcome.stdout.decode().split("\n")[:-1]

    def reasons(self):
        return [each.properties["reason"] for each in self.read_all()]

    def await_snapshots(self, count):
        self.wait_until(
            lambda: os.path.isdir(self.snapshots) and sum(
                name.endswith(".hl") for name in os.listdir(self.snapshots))
            >= count, f"{count} snapshots")


class SignalTrigger(TriggerTest):
    def test_a_signal_cuts_a_snapshot_and_the_program_lives_on(self):
        probe = self.start("alloc:3", "ready", "line", options="signal=USR2")
        self.assertEqual("ready", probe.line())
        os.kill(probe.pid, signal.SIGUSR2)
        self.await_snapshots(1)
        self.assertEqual(0, probe.end())
        first, last = self.read_all()
        self.assertEqual("signal", first.properties["reason"])
        self.assertEqual(1, first.properties["complete"])
        self.assertGreaterEqual(first.properties["live_bytes"], 3 * MIB)
        self.assertEqual("exit", last.properties["reason"])

    def test_the_programs_own_handler_is_called_too(self):
        for way in ("handle", "signal"):
            with self.subTest(way=way):
                self.remove_snapshots()
                said = self.run_actions(
                    f"{way}:{USR2}", f"show:{USR2}", f"raise:{USR2}",
                    f"raise:{USR2}", "handled", options="signal=USR2")
                self.assertEqual(["own handler", "handled 2"], said)
                self.assertEqual(["signal", "signal", "exit"], self.reasons())

    def test_a_handler_for_once_is_called_once(self):
        said = self.run_actions(
            f"once:{USR2}", f"raise:{USR2}", f"show:{USR2}", "handled",
            options="signal=USR2:at_exit=0")
        self.assertEqual(["default", "handled 1"], said)

    def test_the_program_sees_its_own_dispositions_only(self):
        said = self.run_actions(
            f"show:{USR2}", f"ignore:{USR2}", f"show:{USR2}",
            f"raise:{USR2}", f"default:{USR2}", f"show:{USR2}",
            "show-reserved", options="signal=USR2")
        self.assertEqual(["default", "ignored", "default", "default"], said)
        self.assertEqual(["signal", "exit"], self.reasons())

    def test_a_signal_that_is_ignored_does_not_cut_a_wait_short(self):
        probe = self.start(f"ignore:{USR2}", "ready", "sleep:1500", "handled",
                           options="signal=USR2")
        self.assertEqual("ready", probe.line())
        for _ in range(3):
            time.sleep(0.2)
            os.kill(probe.pid, signal.SIGUSR2)
        self.assertEqual("handled 0", probe.line())
        self.assertEqual(0, probe.end())

    def test_a_trigger_that_ends_programs_still_ends_them(self):
        self.run_actions("raise:15", options="signal=TERM",
                         status=-int(signal.SIGTERM))
        self.assertEqual(["signal"], self.reasons())

    def test_a_vfork_child_changes_nothing_in_its_parent(self):
        said = self.run_actions(
            f"handle:{USR2}", f"vfork-default:{USR2}", f"show:{USR2}",
            f"raise:{USR2}", "handled", options="signal=USR2")
        self.assertEqual(["own handler", "handled 1"], said)

    def test_an_ignored_trigger_is_still_ignored_after_exec(self):
        said = self.run_actions(
            f"ignore:{USR2}", "exec", "/usr/bin/python3", "-S", "-c",
            "import signal; print(signal.getsignal(signal.SIGUSR2) =="
            " signal.SIG_IGN)", options="signal=USR2:follow=trigger_probe")
        self.assertEqual(["True"], said)


class ThresholdTriggers(TriggerTest):
    def test_interval_cuts_while_the_program_sleeps(self):
        probe = self.start("alloc:1", "ready", "sleep:1200", "handled",
                           options="interval=200ms")
        self.assertEqual("ready", probe.line())
        self.assertEqual("handled 0", probe.line(), "the sleep was cut short")
        self.assertEqual(0, probe.end())
        reasons = self.reasons()
        self.assertGreaterEqual(reasons.count("interval"), 3)
        self.assertLessEqual(reasons.count("interval"), 8)

    def test_interval_goes_on_in_a_forked_child(self):
        probe = self.start("fork-wait", "sleep:1000", options="interval=200ms")
        child = int(probe.line().split()[1])
        self.assertEqual(0, probe.end())
        reasons = [each.properties["reason"] for each in self.read_all()
                   if each.properties["pid"] == child]
        self.assertGreaterEqual(reasons.count("interval"), 2)

    def test_growth_in_bytes_counts_from_the_last_automatic_one(self):
        self.run_actions("slowly:20", options="growth=6M")
        snapshots = self.read_all()
        self.assertEqual(["growth"] * 3 + ["exit"], self.reasons())
        for number, each in enumerate(snapshots[:3], 1):
            self.assertAlmostEqual(number * 6 * MIB,
                                   each.properties["live_bytes"],
                                   delta=MIB // 2)

    def test_growth_in_percent(self):
        self.run_actions("slowly:12", options="growth=100%")
        live = [each.properties["live_bytes"] for each in self.read_all()
                if each.properties["reason"] == "growth"]
        self.assertGreaterEqual(len(live), 2)
        for before, after in zip(live, live[1:]):
            self.assertAlmostEqual(2.0, after / before, delta=0.2)

    def test_above_cuts_once_and_is_armed_again_below_nine_tenths(self):
        self.run_actions("slowly:8", "slowly:2", "free:1", "slowly:1",
                         "free:8", "slowly:8", options="above=6M")
        self.assertEqual(["above", "above", "exit"], self.reasons())

    def test_near_limit_cuts_once_without_a_clone(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (256 * MIB, 256 * MIB))
        self.run_actions("slowly:120", "slowly:20", options="near_limit=50",
                         preexec_fn=limit)
        self.assertEqual(["near_limit", "exit"], self.reasons())
        near = self.read_all()[0]
        self.assertEqual(1, near.properties["in_process"])
        self.assertGreater(near.properties["live_bytes"], 20 * MIB)

    def test_near_limit_cuts_where_the_tables_find_no_more_room(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (512 * MIB, 512 * MIB))
        # The tables leave a quarter of the limit to the program, so nothing
        # more is recorded long before it comes within one percent.
        self.run_actions("alloc:360", options="near_limit=1",
                         preexec_fn=limit)
        self.assertEqual(["near_limit", "exit"], self.reasons())
        near = self.read_all()[0]
        self.assertGreater(near.properties["live_bytes"], 200 * MIB)
        self.assertEqual(1, near.properties["dropped_blocks"])

    def memory_group(self, limit_bytes):
        """A control group with a limit, or the test is skipped."""
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            groups = [line.strip().split(":", 2) for line in file]
        for _, controllers, path in groups:
            if controllers == "memory":
                root, name = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
            elif controllers == "":
                root, name = "/sys/fs/cgroup", "memory.max"
            else:
                continue
            group = f"{root}{path.rstrip('/')}/heapline-test-{os.getpid()}"
            try:
                os.mkdir(group)
            except OSError:
                continue
            self.addCleanup(os.rmdir, group)
            try:
                with open(f"{group}/{name}", "w", encoding="utf-8") as file:
                    file.write(str(limit_bytes))
            except OSError:
                continue
            return group
        self.skipTest("no control group with a memory limit can be made")

    def test_near_limit_knows_the_limit_of_a_control_group(self):
        group = self.memory_group(96 * MIB)

        def join():
            with open(f"{group}/cgroup.procs", "w", encoding="utf-8") as file:
                file.write(str(os.getpid()))
        # Only what is touched counts there; each block is touched whole.
        self.run_actions("touch:60", options="near_limit=60", preexec_fn=join)
        self.assertEqual(["near_limit", "exit"], self.reasons())
        near = self.read_all()[0]
        self.assertGreater(near.properties["live_bytes"], 20 * MIB)
        self.assertLess(near.properties["live_bytes"], 48 * MIB)

    def test_peak_keeps_one_snapshot_of_the_highest_water_mark(self):
        # One that falls due while another is being written is put off to the
        # next look: at the peak there must be one.
        self.run_actions("slowly:16", "busy:2", "free:12", "slowly:4",
                         options="peak=1")
        peak, last = self.read_all()
        self.assertEqual("peak", peak.properties["reason"])
        self.assertEqual("exit", last.properties["reason"])
        highest = last.properties["peak_bytes"]
        self.assertGreaterEqual(peak.properties["live_bytes"], highest * 0.95)

    def test_keep_leaves_the_last_automatic_ones_and_all_others(self):
        probe = self.start("slowly:1", "ready", "line", "slowly:11",
                           options="growth=2M:keep=2:signal=USR2")
        self.assertEqual("ready", probe.line())
        os.kill(probe.pid, signal.SIGUSR2)
        self.await_snapshots(1)
        probe.go_on()
        self.assertEqual(0, probe.end())
        self.assertEqual(["signal", "growth", "growth", "exit"],
                         self.reasons())

    def test_without_a_threshold_only_the_exit_is_cut(self):
        self.run_actions("slowly:8", "free:8", "slowly:8")
        self.assertEqual(["exit"], self.reasons())


class Death(TriggerTest):
    ENDS = [(("raise:15",), signal.SIGTERM), (("raise:2",), signal.SIGINT),
            (("raise:1",), signal.SIGHUP), (("abort",), signal.SIGABRT),
            (("fault",), signal.SIGSEGV),
            (("thread-fault",), signal.SIGSEGV),
            (("raise:11",), signal.SIGSEGV), (("divide",), signal.SIGFPE)]

    def test_each_fatal_signal_leaves_a_snapshot_and_ends_as_before(self):
        for actions, number in self.ENDS:
            with self.subTest(actions=actions):
                self.remove_snapshots()
                plain = self.run_program([self.probe(), "no-core", *actions])
                self.assertEqual(-number, plain.status)
                self.run_actions("no-core", "alloc:2", *actions,
                                 options="on_death=1", status=-number)
                death, = self.read_all()
                self.assertEqual("death", death.properties["reason"])
                self.assertIn(number.name[3:],
                              death.properties["pending_signal"])
                self.assertGreaterEqual(death.properties["live_bytes"],
                                        2 * MIB)

    def test_a_core_is_dumped_where_it_would_have_been(self):
        def large():
            _, most = resource.getrlimit(resource.RLIMIT_CORE)
            resource.setrlimit(resource.RLIMIT_CORE, (most, most))

        def wait_status(environment):
            pid = subprocess.Popen(
                [self.probe(), "fault"], cwd=self.folder, env=environment,
                preexec_fn=large)
            return os.waitpid(pid.pid, 0)[1]
        plain = wait_status(dict(os.environ))
        traced = wait_status(self.traced_environment("on_death=1"))
        self.assertEqual(plain, traced)

    def test_a_handler_of_the_program_is_left_alone(self):
        said = self.run_actions(
            "handle:15", "show:15", "raise:15", "handled", "ignore:2",
            "raise:2", "show:2", options="on_death=1")
        self.assertEqual(["own handler", "handled 1", "ignored"], said)
        self.assertEqual(["exit"], self.reasons())

    def test_it_is_armed_again_when_the_program_resets_the_default(self):
        said = self.run_actions(
            "show:15", "handle:15", "default:15", "show:15", "raise:15",
            options="on_death=1", status=-int(signal.SIGTERM))
        self.assertEqual(["default", "default"], said)
        self.assertEqual(["death"], self.reasons())

    def test_without_the_option_nothing_is_cut_at_death(self):
        self.run_actions("raise:15", status=-int(signal.SIGTERM))
        self.assertEqual([], self.reasons())


class ReservedSignal(TriggerTest):
    def test_no_mask_and_no_wait_takes_it(self):
        self.assertEqual(["kept out"], self.run_actions("full-sets"))

    def test_without_tracing_the_masks_are_the_programs_own(self):
        plain = self.run_program([self.probe(), "full-sets"])
        self.assertEqual(b"taken\n", plain.stdout)

    def test_a_program_that_claims_it_has_it(self):
        said = self.run_actions(
            "show-reserved", "claim", "show-reserved",
            f"raise:{signal.SIGRTMAX - 2}", "handled", options="interval=100ms")
        self.assertEqual(["default", "own handler", "handled 1"], said)


if __name__ == "__main__":
    unittest.main()

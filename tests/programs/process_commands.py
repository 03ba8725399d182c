"""process_commands.py: run, snapshot, start, stop, status and reset-peak on
processes that run, and what is said when it cannot be."""

import json
import os
import signal
import subprocess
import time
import unittest

from triggers import MIB, TriggerTest
from wrapping import HEAPLINE, SHIM


class ControlTest(TriggerTest):
    def ready(self, *actions, options="", **more):
        probe = self.start(*actions, "ready", "line", options=options, **more)
        self.assertEqual("ready", probe.line())
        return probe

    def cut(self, probe, *arguments):
        return self.heapline("snapshot", str(probe.pid), *arguments).strip()

    def status(self, probe):
        row, = self.report("status", str(probe.pid))["rows"]
        return row

    def complaint(self, *arguments):
        """The one line on stderr of a command that ends in 2."""
        outcome = self.run_program([HEAPLINE, *arguments], timeout=60)
        self.assertEqual(2, outcome.status, repr(outcome))
        self.assertEqual(b"", outcome.stdout)
        lines = outcome.stderr.decode().splitlines()
        self.assertEqual(1, len(lines), lines)
        return lines[0]

    def control_page(self, pid):
        with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
            for line in maps:
                if f"/{pid}." in line and "heapline" in line:
                    return line.split(None, 5)[5].strip()
        return None


class Snapshots(ControlTest):
    def test_a_request_cuts_one_with_its_label(self):
        probe = self.ready("alloc:5")
        path = self.cut(probe, "--label", "after the\tload")
        self.assertEqual(os.path.join(
            self.snapshots, f"trigger_probe.{probe.pid}.0.hl"), path)
        info = self.info(path)
        self.assertEqual("request", info["reason"])
        self.assertEqual("after the\tload", info["label"])
        self.assertGreaterEqual(info["live_bytes"], 5 * MIB)
        self.assertEqual(probe.pid, info["pid"])
        self.assertEqual(0, probe.end())

    def test_the_file_is_moved_to_where_it_is_wanted(self):
        probe = self.ready()
        target = os.path.join(self.folder, "mine.hl")
        self.assertEqual(target, self.cut(probe, "-o", target))
        self.assertEqual(0o600, os.stat(target).st_mode & 0o777)
        folder = os.path.join(self.folder, "others")
        os.mkdir(folder)
        moved = self.cut(probe, "-o", folder)
        self.assertEqual(folder, os.path.dirname(moved))
        self.assertEqual([], os.listdir(self.snapshots))
        self.assertEqual("request", self.info(moved)["reason"])

    def test_many_requests_at_once_are_all_answered(self):
        probe = self.ready("alloc:1")
        commands = [subprocess.Popen([HEAPLINE, "snapshot", str(probe.pid)],
                                     stdout=subprocess.PIPE)
                    for _ in range(6)]
        paths = {each.communicate(timeout=120)[0] for each in commands}
        self.assertEqual([0] * 6, [each.returncode for each in commands])
        self.assertEqual(6, len(paths))

    def test_a_sleeping_program_does_not_notice(self):
        probe = self.start("ready", "sleep:1500", "handled")
        self.assertEqual("ready", probe.line())
        for _ in range(5):
            self.cut(probe)
        self.assertEqual("handled 0", probe.line())

    def test_a_busy_program_answers(self):
        probe = self.start("ready", "busy:60")
        self.assertEqual("ready", probe.line())
        self.assertEqual("request", self.info(self.cut(probe))["reason"])

    def test_threads_that_block_the_signal_answer_when_they_allocate(self):
        probe = self.start("block-all", "ready", "busy:60")
        self.assertEqual("ready", probe.line())
        self.assertEqual("request", self.info(self.cut(probe))["reason"])

    def test_a_program_that_claimed_the_signal_answers_when_it_allocates(self):
        probe = self.start("claim", "ready", "busy:2", "handled")
        self.assertEqual("ready", probe.line())
        path = self.cut(probe)
        self.assertEqual("request", self.info(path)["reason"])
        self.assertEqual("handled 0", probe.line(), "it was sent the signal")

    def test_a_forked_child_is_asked_for_itself(self):
        probe = self.start("alloc:2", "fork-wait", "ready", "line")
        # Parent and child both print, in no order.
        told, ready = sorted([probe.line(), probe.line()])
        self.assertEqual("ready", ready)
        child = int(told.removeprefix("child "))
        path = self.heapline("snapshot", str(child)).strip()
        self.assertEqual(child, self.info(path)["pid"])
        self.assertNotEqual(self.control_page(probe.pid),
                            self.control_page(child))

    def test_an_output_directory_that_cannot_be_written_is_named(self):
        blocker = os.path.join(self.folder, "blocker")
        with open(blocker, "w", encoding="utf-8"):
            pass
        probe = self.ready(options=f"quiet=1:at_exit=0:out={blocker}/x")
        line = self.complaint("snapshot", str(probe.pid))
        self.assertIn(f"snapshot of {probe.pid}: ", line)
        self.assertIn("Not a directory", line)
        self.assertEqual(0, probe.end())


class Refusals(ControlTest):
    def test_no_such_process(self):
        for command in ("snapshot", "start", "stop", "status", "reset-peak"):
            self.assertIn("there is no such process",
                          self.complaint(command, str(2**22 + 5)))

    def test_a_process_that_is_not_traced(self):
        line = self.complaint("snapshot", str(os.getpid()))
        self.assertIn("is not traced by heapline", line)
        self.assertIn("heapline run", line)

    def test_a_process_without_a_page(self):
        probe = self.ready(options="control=0")
        self.assertIsNone(self.control_page(probe.pid))
        self.assertIn("control=0", self.complaint("status", str(probe.pid)))

    def test_a_label_that_is_too_long(self):
        probe = self.ready()
        self.assertIn("shorten it to 256", self.complaint(
            "snapshot", str(probe.pid), "--label", "x" * 257))

    def test_a_pid_that_is_none(self):
        for pid in ("abc", "-3", "0"):
            outcome = self.run_program([HEAPLINE, "snapshot", pid])
            self.assertEqual(2, outcome.status)

    def test_a_program_put_there_by_exec_is_not_ended_by_the_signal(self):
        probe = self.start("exec", "/usr/bin/env", "-u", "LD_PRELOAD",
                           "sleep", "30")
        self.wait_until(lambda: os.path.basename(os.readlink(
            f"/proc/{probe.pid}/exe")) in ("sleep", "coreutils"), "the exec")
        self.complaint("snapshot", str(probe.pid))
        time.sleep(0.2)
        self.assertIsNone(probe.process.poll())

    def test_a_process_that_is_halted_is_said_to_be(self):
        probe = self.ready()
        os.kill(probe.pid, signal.SIGSTOP)
        line = self.complaint("stop", str(probe.pid))
        self.assertIn("kill -CONT", line)
        os.kill(probe.pid, signal.SIGCONT)
        self.assertEqual("tracing", self.status(probe)["state"])


class Pages(ControlTest):
    def test_the_page_is_the_owners_alone_and_goes_with_the_process(self):
        probe = self.ready()
        page = self.control_page(probe.pid)
        self.assertEqual(0o600, os.stat(page).st_mode & 0o777)
        self.assertEqual(0o700, os.stat(os.path.dirname(page)).st_mode & 0o777)
        self.assertEqual(4096, os.stat(page).st_size)
        self.assertEqual(0, probe.end())
        self.assertFalse(os.path.exists(page))

    def test_no_descriptor_stays_open(self):
        probe = self.ready()
        self.cut(probe)
        self.assertEqual(["0", "1", "2"],
                         sorted(os.listdir(f"/proc/{probe.pid}/fd")))

    def test_the_page_of_a_killed_process_is_swept(self):
        killed = self.ready()
        page = self.control_page(killed.pid)
        killed.process.kill()
        killed.process.wait()
        self.assertTrue(os.path.exists(page))
        other = self.ready()
        self.cut(other)
        self.assertFalse(os.path.exists(page))
        self.assertTrue(os.path.exists(self.control_page(other.pid)))

    def test_a_directory_that_others_may_write_is_not_used(self):
        runtime = os.path.join(self.folder, "runtime")
        os.makedirs(os.path.join(runtime, "heapline"))
        os.chmod(os.path.join(runtime, "heapline"), 0o777)
        os.environ["XDG_RUNTIME_DIR"] = runtime
        self.addCleanup(os.environ.pop, "XDG_RUNTIME_DIR", None)
        probe = self.ready()
        self.assertEqual([], os.listdir(os.path.join(runtime, "heapline")))
        self.assertEqual("tracing", self.status(probe)["state"])

    def test_the_run_time_directory_is_used_where_there_is_one(self):
        runtime = os.path.join(self.folder, "runtime")
        os.mkdir(runtime)
        os.environ["XDG_RUNTIME_DIR"] = runtime
        self.addCleanup(os.environ.pop, "XDG_RUNTIME_DIR", None)
        probe = self.ready()
        self.assertEqual(os.path.join(runtime, "heapline"),
                         os.path.dirname(self.control_page(probe.pid)))


class States(ControlTest):
    def test_status_shows_a_busy_program_without_stopping_it(self):
        probe = self.start("alloc:7", "ready", "busy:30")
        self.assertEqual("ready", probe.line())
        self.wait_until(lambda: self.status(probe)["total_count"] > 1000,
                        "a page that moves")
        row = self.status(probe)
        self.assertEqual("tracing", row["state"])
        self.assertEqual("trigger_probe", row["program"])
        self.assertAlmostEqual(7 * MIB, row["live_bytes"], delta=MIB // 2)
        self.assertGreaterEqual(row["peak_bytes"], row["live_bytes"])
        self.assertGreater(row["tracer_bytes"], 0)
        text = self.heapline("status", str(probe.pid))
        for word in ("trigger_probe", "current", "peak", "own cost"):
            self.assertIn(word, text)
        with open(f"/proc/{probe.pid}/status", encoding="utf-8") as file:
            self.assertIn("SigPnd:\t0000000000000000", file.read())

    def test_stop_and_start_bound_what_is_recorded(self):
        probe = self.ready("alloc:2", "ready", "line", "alloc:3", "ready",
                           "line", "alloc:4")
        self.heapline("stop", str(probe.pid))
        self.assertEqual("stopped", self.status(probe)["state"])
        probe.go_on()
        self.assertEqual("ready", probe.line())
        probe.go_on()
        self.assertEqual("ready", probe.line())
        self.heapline("start", str(probe.pid))
        self.assertEqual("tracing", self.status(probe)["state"])
        probe.go_on()
        self.assertEqual(0, probe.end())
        self.wait_until(lambda: self.snapshots_of(), "the exit snapshot")

    def test_what_is_allocated_while_stopped_is_not_recorded(self):
        probe = self.start("alloc:2", "ready", "line", "alloc:8", "ready",
                           "line")
        self.assertEqual("ready", probe.line())
        self.heapline("stop", str(probe.pid))
        probe.go_on()
        self.assertEqual("ready", probe.line())
        info = self.info(self.cut(probe))
        self.assertLess(info["live_bytes"], 3 * MIB)
        self.assertFalse(info["complete"])

    def test_reset_peak_begins_anew(self):
        probe = self.ready("alloc:9", "free:8")
        self.assertGreaterEqual(self.status(probe)["peak_bytes"], 8 * MIB)
        self.heapline("reset-peak", str(probe.pid))
        self.assertLess(self.status(probe)["peak_bytes"], 3 * MIB)
        self.assertLess(self.info(self.cut(probe))["peak_bytes"], 3 * MIB)


class Run(ControlTest):
    def wrapped(self, *command, options=(), **more):
        more.setdefault("cwd", self.folder)
        environment = {key: value for key, value in os.environ.items()
                       if key not in ("LD_PRELOAD", "HEAPLINE_OPTIONS")}
        environment.update(more.pop("variables", {}))
        return self.run_program(
            [HEAPLINE, "run", "-o", self.snapshots, *options, "--", *command],
            environment=environment, **more)

    def test_status_and_output_are_the_programs(self):
        for status in (0, 1, 2, 77, 126, 127, 255):
            outcome = self.wrapped("/bin/sh", "-c",
                                   f"echo said; cat; exit {status}",
                                   stdin=b"read")
            self.assertEqual(status, outcome.status, repr(outcome))
            self.assertEqual(b"said\nread", outcome.stdout)

    def test_the_signal_that_ends_the_program_ends_the_command(self):
        for name in ("TERM", "KILL", "SEGV", "ABRT"):
            outcome = self.wrapped("/bin/sh", "-c", f"kill -{name} $$")
            self.assertEqual(-int(getattr(signal, f"SIG{name}")),
                             outcome.status)

    def test_a_program_that_cannot_be_started(self):
        outcome = self.wrapped("no-such-program-here")
        self.assertEqual(127, outcome.status)
        self.assertIn(b"No such file", outcome.stderr)
        outcome = self.wrapped("/etc/passwd")
        self.assertEqual(126, outcome.status)
        self.assertIn(b"Permission denied", outcome.stderr)

    def test_the_summary_names_the_last_snapshot_and_its_bytes(self):
        outcome = self.wrapped(self.probe(), "alloc:4",
                               options=("--set", "growth=1M"))
        path = self.snapshots_of("trigger_probe")[-1]
        info = self.info(path)
        summary = outcome.stderr.decode()
        self.assertIn(path, summary)
        count = len(self.snapshots_of("trigger_probe"))
        self.assertGreaterEqual(count, 2)
        self.assertIn(f"{count} snapshots in {self.snapshots}\n", summary)
        self.assertIn(f"{info['live_count']} block", summary)
        self.assertEqual("exit", info["reason"])

    def test_options_become_those_of_the_tracer(self):
        self.wrapped(self.probe(), "alloc:1", "sleep:700",
                     options=("--interval", "100ms", "--sample", "4K", "--set",
                              "depth=3"))
        infos = [self.info(path)
                 for path in self.snapshots_of("trigger_probe")]
        self.assertIn("interval", [info["reason"] for info in infos])
        self.assertEqual({4096}, {info["sample_mean_bytes"] for info in infos})
        self.assertIn("depth=3", infos[0]["options"])

    def test_inherited_options_stay_unless_said_otherwise(self):
        self.wrapped(self.probe(), options=("--set", "keep=3"),
                     variables={"HEAPLINE_OPTIONS":
                                'depth=9:keep=1:out="/nowhere:at all"'})
        info = self.info(self.snapshots_of("trigger_probe")[-1])
        self.assertIn("depth=9", info["options"])
        self.assertIn("keep=3", info["options"])
        self.assertNotIn("keep=1", info["options"])

    def test_a_directory_with_a_colon_works(self):
        self.snapshots = os.path.join(self.folder, 'a:b "c')
        self.wrapped("/bin/true")
        self.assertEqual(1, len(self.snapshots_of()))

    def test_wrong_settings_are_refused_before_anything_runs(self):
        marker = os.path.join(self.folder, "ran")
        for options, word in ((("--set", "intervall=3s"), "interval?"),
                              (("--set", "depth"), "key=value"),
                              (("--gate", "r"), "not available")):
            outcome = self.wrapped("touch", marker, options=options)
            self.assertEqual(2, outcome.status)
            self.assertIn(word, outcome.stderr.decode())
        self.assertFalse(os.path.exists(marker))

    def test_signals_are_forwarded_after_a_snapshot(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            self.remove_snapshots()
            process = subprocess.Popen(
                [HEAPLINE, "run", "-o", self.snapshots, "--", self.probe(),
                 "alloc:3", "ready", "line"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(b"ready\n", process.stdout.readline())
            process.send_signal(number)
            # Its standard input stays open: the end must be the signal's.
            self.assertEqual(-number, process.wait(timeout=60))
            process.communicate()
            info = self.info(self.snapshots_of("trigger_probe")[0])
            self.assertEqual("request", info["reason"])
            self.assertEqual(f"before {number.name}", info["label"])
            self.assertGreaterEqual(info["live_bytes"], 3 * MIB)

    def test_a_handler_gets_the_signal_that_was_forwarded(self):
        process = subprocess.Popen(
            [HEAPLINE, "run", "-o", self.snapshots, "--", self.probe(),
             "handle:10", "ready", "line", "handled"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(b"ready\n", process.stdout.readline())
        process.send_signal(signal.SIGUSR1)
        time.sleep(0.3)
        out, _ = process.communicate(input=b"\n", timeout=60)
        self.assertEqual((0, b"handled 1\n"), (process.returncode, out))

    def test_what_cannot_be_traced_is_said_and_still_run(self):
        source = os.path.join(self.folder, "plain.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write("#include <stdio.h>\n"
                       "int main(void) { puts(\"ran\"); return 5; }\n")
        compiler = os.environ.get("HEAPLINE_C_COMPILER", "cc")
        static = os.path.join(self.folder, "static")
        subprocess.run([compiler, "-static", source, "-o", static], check=True)
        script = os.path.join(self.folder, "script")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"#!{static}\n")
        os.chmod(script, 0o755)
        for program in (static, script):
            outcome = self.wrapped(program)
            self.assertEqual((5, b"ran\n"), (outcome.status, outcome.stdout))
            lines = outcome.stderr.decode().splitlines()
            self.assertEqual(1, len(lines), lines)
            self.assertIn("cannot trace", lines[0])
            self.assertIn("statically linked", lines[0])

    def test_a_script_is_traced_through_its_interpreter(self):
        script = os.path.join(self.folder, "script")
        with open(script, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho \"$@\"\n")
        os.chmod(script, 0o755)
        outcome = self.wrapped(script, "a", "--b", "-c")
        self.assertEqual(b"a --b -c\n", outcome.stdout)
        self.assertNotIn(b"cannot trace", outcome.stderr)
        self.assertEqual(1, len(self.snapshots_of()))

    def test_a_preload_of_the_users_own_stays(self):
        outcome = self.wrapped("/bin/sh", "-c", "echo $LD_PRELOAD",
                               variables={"LD_PRELOAD": "libc.so.6"})
        self.assertEqual(f"{SHIM}:libc.so.6\n", os.path.realpath(
            outcome.stdout.decode().split(":")[0]) + ":" +
            outcome.stdout.decode().split(":")[1])


if __name__ == "__main__":
    unittest.main()

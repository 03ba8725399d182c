"""surroundings.py: processes whose surroundings are not the usual ones: no
/proc, another root, mount or pid namespace, no descriptors, another name. And
each reason for which a snapshot says that it may not be complete."""

import os
import subprocess
import unittest

import snapshot_bytes
from process_commands import ControlTest

SAMPLING, LATE_START, STOPPED, DROPPED, THREADS = 1, 2, 4, 8, 16


class SurroundingsTest(ControlTest):
    def probe(self):
        return self.compile("surroundings_probe.c")

    def traced_environment(self, options="", environment=None):
        traced = super().traced_environment(options, environment)
        traced["XDG_RUNTIME_DIR"] = self.runtime_folder()
        return traced

    def runtime_folder(self):
        path = os.path.join(self.folder, "run")
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path

    def run_probe(self, *actions, options="", **more):
        outcome = self.run_traced([self.probe(), *actions], options=options,
                                  **more)
        self.assertEqual(3, outcome.status, repr(outcome))
        return outcome

    def only_snapshot(self):
        snapshot, = self.read_all()
        return snapshot

    def need_root(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")

    def start_in(self, *command, options=""):
        """Starts a command that runs the probe up to its `ready`."""
        process = self.start_traced(
            command, options, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = process.stdout.readline()
        if line != b"ready\n":
            self.skipTest(f"{command[0]}: {process.stderr.readline()!r}")
        return process


class NoProc(SurroundingsTest):
    def test_without_proc_known_threads_stop_and_doubt_is_told(self):
        self.need_root()
        root = os.path.join(self.folder, "root")
        os.mkdir(root)
        outcome = self.run_probe("alloc:4000", "thread", f"chroot:{root}",
                                 options="out=/snaps")
        self.assertEqual(b"", outcome.stderr)
        self.snapshots = os.path.join(root, "snaps")
        snapshot = self.only_snapshot()
        says = snapshot.properties
        self.assertEqual((0, THREADS), (says["complete"],
                                        says["incomplete_reasons"]))
        self.assertEqual((2, 0), (says["threads"],
                                  says["threads_not_stopped"]))
        sizes = [block[1] for block in snapshot.blocks]
        self.assertTrue({4000, 2222} <= set(sizes))


class OtherRoots(SurroundingsTest):
    def test_a_process_in_another_root_hands_its_file_over(self):
        self.need_root()
        root = os.path.join(self.folder, "root")
        os.mkdir(root)
        process = self.start_in(self.probe(), f"chroot:{root}", "alloc:4000",
                                "ready", "line", options="out=/snaps:at_exit=0")
        target = os.path.join(self.folder, "mine.hl")
        said = self.heapline("snapshot", str(process.pid), "-o", target)
        self.assertEqual(target, said.strip())
        self.assertEqual("request", self.info(target)["reason"])
        self.assertEqual([], os.listdir(os.path.join(root, "snaps")))
        process.communicate(timeout=60)
        self.assertEqual(3, process.returncode)

    def test_a_process_of_another_mount_namespace_hands_its_file_over(self):
        self.need_root()
        os.mkdir(self.snapshots)
        process = self.start_in(
            "unshare", "-m", "/bin/sh", "-c",
            f"mount -t tmpfs tmpfs {self.snapshots} && exec {self.probe()} "
            "alloc:4000 ready line", options="at_exit=0")
        shown = self.heapline("snapshot", str(process.pid)).strip()
        self.assertTrue(shown.startswith(f"/proc/{process.pid}/root/"), shown)
        self.assertEqual("request", self.info(shown)["reason"])
        target = os.path.join(self.folder, "mine.hl")
        self.heapline("snapshot", str(process.pid), "-o", target)
        self.assertEqual(0o600, os.stat(target).st_mode & 0o777)
        self.assertEqual("request", self.info(target)["reason"])
        self.assertEqual([], os.listdir(self.snapshots))
        process.communicate(timeout=60)

    def test_a_process_of_another_pid_namespace_answers(self):
        process = self.start_in(
            "unshare", "-U", "-r", "-p", "-f", self.probe(), "alloc:4000",
            "ready", "line", options="follow=surroundings_probe")
        with open(f"/proc/{process.pid}/task/{process.pid}/children",
                  encoding="utf-8") as file:
            pid = int(file.read())
        path = self.heapline("snapshot", str(pid)).strip()
        self.assertEqual("surroundings_probe.1.0.hl", os.path.basename(path))
        info = self.info(path)
        self.assertEqual((1, 1), (info["pid"], info["complete"]))
        row, = self.report("status", str(pid))["rows"]
        self.assertGreaterEqual(row["live_bytes"], 4000)
        process.communicate(timeout=60)
        self.assertEqual(3, process.returncode)
        self.assertEqual(2, len(self.snapshots_of("surroundings_probe")))


class Descriptors(SurroundingsTest):
    def test_a_soft_limit_of_none_loses_no_snapshot(self):
        outcome = self.run_probe("alloc:4000", "descriptors:0,64")
        self.assertEqual(b"", outcome.stderr)
        self.assertIn(4000, [b[1] for b in self.only_snapshot().blocks])

    def test_a_hard_limit_of_none_is_told_in_one_line(self):
        line, = self.run_probe(
            "alloc:4000", "descriptors:0,0").stderr.decode().splitlines()
        self.assertRegex(line, r"^heapline: cannot write snapshot \(exit\) of "
                         r"surroundings_probe .*Too many open files \(24\)")
        self.assertEqual([], self.snapshots_of())


class Names(SurroundingsTest):
    def test_a_file_is_named_after_the_link_that_was_started(self):
        link = os.path.join(self.folder, "my-server")
        os.symlink(self.probe(), link)
        self.assertEqual(3, self.run_traced([link, "alloc:4000"]).status)
        says = self.only_snapshot().properties
        self.assertTrue(self.snapshots_of("my-server"))
        self.assertEqual(("my-server", self.probe()),
                         (says["program"], says["executable"]))

    def test_a_script_gives_its_own_name(self):
        script = os.path.join(self.folder, "job.py")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"#!{self.need('python3')}\nprint('ran')\n")
        os.chmod(script, 0o755)
        self.assertEqual(b"ran\n", self.run_traced([script]).stdout)
        self.assertEqual(1, len(self.snapshots_of("job.py")))

    def test_an_open_file_that_is_executed_has_its_own_name(self):
        descriptor = os.open(self.probe(), os.O_RDONLY)
        pid = os.fork()
        if pid == 0:
            os.execve(descriptor, ["x", "alloc:1"], self.traced_environment())
        os.close(descriptor)
        self.assertEqual(3, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        self.assertEqual(1, len(self.snapshots_of("surroundings_probe")))


class Complete(SurroundingsTest):
    def expect(self, reasons, path=None):
        path = path or self.snapshots_of()[-1]
        info = self.info(path)
        self.assertEqual(0 if reasons else 1, info["complete"])
        says = snapshot_bytes.Snapshot(path).properties
        self.assertEqual(reasons, says["incomplete_reasons"])
        return says

    def test_usually_it_is(self):
        self.run_probe("alloc:4000", "thread")
        self.expect(0)

    def test_sampling(self):
        self.run_probe("blocks:5000", options="sample=64K")
        self.expect(SAMPLING)

    def test_tracing_that_starts_late(self):
        self.run_probe("alloc:4000", options="start=0")
        self.expect(LATE_START)

    def test_tracing_that_was_stopped_for_a_while(self):
        process = self.start_in(self.probe(), "alloc:4000", "ready", "line",
                                "alloc:5000")
        self.heapline("stop", str(process.pid))
        self.heapline("start", str(process.pid))
        process.communicate(timeout=60)
        self.expect(STOPPED)

    def test_a_thread_that_did_not_stop(self):
        self.run_probe("alloc:4000", "deaf-thread")
        says = self.expect(THREADS)
        self.assertEqual((2, 1), (says["threads"],
                                  says["threads_not_stopped"]))
        self.assertIn("not stopped", self.heapline("info",
                                                   self.snapshots_of()[0]))


class MemoryCeiling(SurroundingsTest):
    """max_memory, step by step; docs/limits.md states the order. Addresses
    are not randomised: how many pieces of the live table a heap needs depends
    on where it begins."""

    STACKS = 130000
    DROPPED_NODE = 4

    def run_under(self, ceiling, *actions):
        setarch = self.need("setarch")
        outcome = self.run_traced([setarch, "-R", self.probe(), *actions],
                                  options=f"max_memory={ceiling}:"
                                  "follow=surroundings_probe")
        if b"set personality" in outcome.stderr:
            self.skipTest("address randomisation cannot be switched off here")
        self.assertEqual(3, outcome.status, repr(outcome))
        return outcome

    def facts(self):
        snapshot = self.only_snapshot()
        charged = [block for block in snapshot.blocks
                   if block[2] == self.DROPPED_NODE]
        info = self.info(snapshot.path)
        self.assertEqual(info["dropped_blocks"],
                         snapshot.properties["dropped_blocks"])
        top = self.report("top", snapshot.path, "-n", "1000000")
        rows = [row for row in top["rows"] if row["key"] == "<dropped>"]
        self.assertEqual(len(charged), sum(row["live_count"] for row in rows))
        return snapshot.properties, len(charged)

    def test_step_0_a_ceiling_of_enough_drops_nothing(self):
        self.run_under("512M", f"stacks:{self.STACKS}", "blocks:1000")
        says, charged = self.facts()
        self.assertEqual((1, 0, 0), (says["complete"], charged,
                                     says["dropped_blocks"]))

    def test_step_1_stacks_are_no_longer_kept_apart(self):
        self.run_under("40M", f"stacks:{self.STACKS}", "blocks:1000")
        says, charged = self.facts()
        self.assertGreater(charged, self.STACKS // 2)
        self.assertEqual((1, 0), (says["complete"], says["dropped_blocks"]))
        self.assertGreaterEqual(says["live_count"], self.STACKS + 1000)
        self.assertLessEqual(says["tracer_bytes"], 40 << 20)

    def test_step_2_blocks_are_dropped_and_counted(self):
        self.run_under("40M", f"stacks:{self.STACKS}", "blocks:200000")
        says, charged = self.facts()
        self.assertGreater(charged, self.STACKS // 2)
        self.assertEqual((0, DROPPED), (says["complete"],
                                        says["incomplete_reasons"]))
        # Each block is either there or counted.
        self.assertGreater(says["dropped_blocks"], 0)
        self.assertGreaterEqual(says["live_count"] + says["dropped_blocks"],
                                self.STACKS + 200000)
        self.assertLessEqual(says["tracer_bytes"], 40 << 20)

    def test_too_little_for_any_table_is_said_and_nothing_is_traced(self):
        lines = self.run_under("20M", "alloc:10").stderr.decode().splitlines()
        self.assertEqual(1, len(set(lines)), lines)  # setarch's, and the same
        self.assertIn("max_memory=20.0 MiB", lines[0])
        self.assertIn("not traced", lines[0])
        self.assertEqual([], self.snapshots_of())


# The base class's own tests run where they are defined.
del ControlTest

if __name__ == "__main__":
    unittest.main()

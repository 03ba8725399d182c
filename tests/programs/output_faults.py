"""No room, no right, no descriptor, a trap in the way: the program runs as
without the tracer, one plain line says what was not written, and nothing is
left half-written or written elsewhere."""

import os
import pwd
import stat
import subprocess
import unittest

from probes import ProbeTest, SHIM


class OutputFaults(ProbeTest):
    def run_case(self, *case, options="", status=3, **more):
        probe = self.compile("output_faults_probe.c")
        outcome = self.run_traced([probe, *case], options=options, **more)
        self.assertEqual(status, outcome.status, repr(outcome))
        return outcome

    def expect_one_line(self, outcome, *parts):
        lines = outcome.stderr.decode().splitlines()
        self.assertEqual(1, len(lines), repr(outcome))
        self.assertTrue(lines[0].startswith("heapline: "), lines[0])
        for part in parts:
            self.assertIn(part, lines[0])

    def expect_lost(self, outcome, *parts):
        self.expect_one_line(outcome, "output_faults_probe", *parts)
        self.assertEqual([], self.snapshots_of())

    def nobody(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become another user")
        os.chmod(self.folder, 0o755)
        return pwd.getpwnam("nobody").pw_uid

    # Refused clone.

    def test_a_refused_clone_is_written_while_stopped(self):
        probe = self.compile("output_faults_probe.c")
        self.run_case("exec_without_clone", probe, "plain")
        snapshot, = self.read_all()
        self.assertEqual(1, snapshot.properties["in_process"])
        self.assertEqual(1, snapshot.properties["complete"])
        self.assertIn(4000, [block[1] for block in snapshot.blocks])

    def test_a_file_size_limit_does_no_harm_when_written_while_stopped(self):
        probe = self.compile("output_faults_probe.c")
        outcome = self.run_case("exec_without_clone", probe, "file_size")
        self.expect_lost(outcome, "File too large (27)")

    def test_standard_streams_stay_free_when_written_while_stopped(self):
        probe = self.compile("output_faults_probe.c")
        self.run_case("exec_without_clone", probe, "closed_stdio")
        self.assertEqual(1, len(self.read_all()))
        with open(os.path.join(self.folder, "first"), "rb") as file:
            self.assertEqual(b"1", file.read())
        self.assertEqual(
            0, os.path.getsize(os.path.join(self.folder, "second")))

    # Filters set by the program.

    def test_a_seccomp_filter_of_the_program_is_not_violated(self):
        for case in ("seccomp_prctl", "seccomp_syscall"):
            with self.subTest(case=case):
                outcome = self.run_case(case)
                self.assertEqual((b"still here\n", b""),
                                 (outcome.stdout, outcome.stderr))
                self.assertEqual([], self.snapshots_of())

    # Descriptors.

    def test_closed_standard_streams_are_not_written_to(self):
        self.run_case("closed_stdio")
        self.assertEqual(1, len(self.read_all()))
        with open(os.path.join(self.folder, "first"), "rb") as file:
            self.assertEqual(b"1", file.read())
        self.assertEqual(
            0, os.path.getsize(os.path.join(self.folder, "second")))

    def test_a_program_started_without_standard_streams_runs(self):
        probe = self.compile("output_faults_probe.c")
        command = f"exec {probe} chdir <&- >&- 2>&-"
        outcome = self.run_traced(["/bin/sh", "-c", command])
        self.assertEqual(3, outcome.status)
        self.assertEqual(1, len(self.read_all()))

    def test_no_descriptor_is_taken(self):
        self.run_case("first_descriptor")
        self.assertEqual(1, len(self.read_all()))

    def test_few_descriptors_are_enough(self):
        self.run_case("few_descriptors")
        self.assertEqual(1, len(self.read_all()))

    def test_without_descriptors_the_snapshot_is_lost(self):
        self.expect_lost(self.run_case("no_descriptors"),
                         "Too many open files (24)")

    # Room.

    def test_a_file_size_limit_loses_the_snapshot(self):
        self.expect_lost(self.run_case("file_size"), "File too large (27)")

    def test_a_full_disk_loses_the_snapshot(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to mount a small file system")
        os.mkdir(self.snapshots)
        mount = ["mount", "-t", "tmpfs", "-o", "size=4k,mode=700", "tmpfs",
                 self.snapshots]
        if subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
            self.skipTest("mount is not permitted here")
        try:
            self.expect_lost(self.run_case("many_blocks"),
                             "No space left on device (28)")
        finally:
            subprocess.run(["umount", self.snapshots], check=True)

    # Directories and names.

    def test_files_are_the_owners_alone_whatever_the_umask(self):
        self.run_case("umask")
        path, = self.snapshots_of()
        self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
        self.assertEqual(0o700, stat.S_IMODE(os.stat(self.snapshots).st_mode))

    def test_missing_directories_are_made(self):
        self.snapshots = os.path.join(self.folder, "a", "b", "c")
        self.run_case("plain")
        self.assertEqual(1, len(self.read_all()))

    def test_out_means_the_directory_of_the_start(self):
        self.run_case("chdir", options="out=here/snaps")
        self.snapshots = os.path.join(self.folder, "here", "snaps")
        self.assertEqual(1, len(self.read_all()))

    def test_out_may_be_a_pattern(self):
        pattern = os.path.join(self.folder, "by-%e", "%p%%-%n.hl")
        self.run_case("plain", options=f"out={pattern}")
        folder = os.path.join(self.folder, "by-output_faults_probe")
        name, = os.listdir(folder)
        self.assertRegex(name, r"^\d+%-0\.hl$")

    def test_a_pattern_without_number_replaces_nothing(self):
        pattern = os.path.join(self.folder, "%e.hl")
        first = os.path.join(self.folder, "output_faults_probe.hl")
        self.run_case("plain", options=f"out={pattern}")
        with open(first, "rb") as file:
            before = file.read()
        self.run_case("plain", options=f"out={pattern}")
        with open(first, "rb") as file:
            self.assertEqual(before, file.read())
        self.assertTrue(os.path.exists(
            os.path.join(self.folder, "output_faults_probe.1.hl")))

    def test_a_file_in_the_way_of_the_directory_loses_the_snapshot(self):
        with open(self.snapshots, "w", encoding="utf-8"):
            pass
        outcome = self.run_case("plain")
        self.expect_one_line(outcome, "Not a directory (20)")
        self.assertEqual(b"still here\n", outcome.stdout)

    def test_a_read_only_directory_loses_the_snapshot(self):
        user = self.nobody()
        os.mkdir(self.snapshots, 0o755)
        self.expect_lost(self.run_case("plain", user=user),
                         "Permission denied (13)")

    def test_a_directory_that_others_may_write_is_refused(self):
        user = self.nobody()
        os.mkdir(self.snapshots)
        os.chmod(self.snapshots, 0o777)
        self.expect_lost(self.run_case("plain", user=user),
                         "others may write", "Permission denied (13)")
        os.chmod(self.snapshots, 0o1777)
        self.run_case("plain", user=user)
        self.assertEqual(1, len(self.read_all()))

    def test_a_link_in_the_way_is_not_followed(self):
        victim = os.path.join(self.folder, "victim")
        with open(victim, "w", encoding="utf-8") as file:
            file.write("mine")
        os.mkdir(self.snapshots)
        probe = self.compile("output_faults_probe.c")
        # exec keeps the pid, so that the name is known in advance.
        command = (f"for n in 0 1; do ln -s {victim} "
                   f"{self.snapshots}/output_faults_probe.$$.$n.hl; done; "
                   f"LD_PRELOAD={SHIM} exec {probe} plain")
        environment = self.traced_environment()
        del environment["LD_PRELOAD"]
        outcome = self.run_program(["/bin/sh", "-c", command],
                                   environment=environment)
        self.assertEqual((3, b""), (outcome.status, outcome.stderr))
        with open(victim, encoding="utf-8") as file:
            self.assertEqual("mine", file.read())
        written, = [path for path in self.snapshots_of()
                    if not os.path.islink(path)]
        self.assertTrue(written.endswith(".2.hl"), written)

    def test_quiet_says_nothing(self):
        with open(self.snapshots, "w", encoding="utf-8"):
            pass
        self.assertEqual(b"", self.run_case("plain", options="quiet=1").stderr)


if __name__ == "__main__":
    unittest.main()

"""The demonstration program ends with 0, or with 2 and a line that says why."""

import ctypes
import os
import resource
import shutil
import subprocess
import tempfile

import stages


def run(*arguments, program=stages.PROGRAM, stdout=subprocess.PIPE,
        before=None, **environment):
    return subprocess.run(
        [program, *arguments], text=True, env={**os.environ, **environment},
        stdout=stdout, stderr=subprocess.PIPE, timeout=120, check=False,
        preexec_fn=before)


def allow_address_space(byte_count):
    """To be called before a program starts: no more from there on, whoever
    asks."""
    def allow():
        no_more_capabilities_by_exec = 24  # PR_CAPBSET_DROP
        may_raise_limits = 24  # CAP_SYS_RESOURCE
        ctypes.CDLL(None).prctl(no_more_capabilities_by_exec,
                                may_raise_limits, 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (byte_count, byte_count))
    return allow


class ExitStatus(stages.StageTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="heapline-exit-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_a_tracer_that_writes_elsewhere_is_an_error(self):
        done = run("leak-detection", "--out", self.folder,
                   LD_PRELOAD=stages.SHIM,
                   HEAPLINE_OPTIONS=f"out={self.folder}/elsewhere:at_exit=0")
        self.assertEqual(
            (2, "heapline-demo: leak-detection: RuntimeError: taking a "
             f"snapshot: none of this process in {self.folder}; tell "
             "Configure where the tracer writes\n"),
            (done.returncode, done.stderr))

    def test_a_program_with_no_command_beside_it_is_an_error(self):
        alone = shutil.copy(stages.PROGRAM, self.folder)
        done = run("leak-detection", "--out", self.folder, program=alone,
                   LD_PRELOAD=stages.SHIM,
                   HEAPLINE_OPTIONS=f"out={self.folder}:at_exit=0")
        self.assertEqual(2, done.returncode)
        self.assertRegex(
            done.stderr, "^heapline-demo: leak-detection: RuntimeError: "
            "running .*/heapline: No such file or directory\n$")

    def test_output_that_cannot_be_written_is_an_error(self):
        for name in ("--help", "--scenarios", "--edge-rules", "counting",
                     "size-table"):
            with self.subTest(name=name), open("/dev/full", "w") as full:
                done = run(name, stdout=full)
                self.assertEqual(
                    (2, "heapline-demo: standard output could not be "
                     "written\n"), (done.returncode, done.stderr))

    def test_what_a_user_asks_of_the_tracer_does_not_mark_the_second_run(self):
        # The first run must not eat the machine; where it tries, it is killed.
        done = run("out-of-memory", before=allow_address_space(2 << 30),
                   HEAPLINE_OPTIONS="near_limit=20")
        self.assertEqual(
            (0, "a process that may have 512 MB took all of it: killed by "
             "signal 9\n"), (done.returncode, done.stdout))

    def test_a_second_run_without_its_limit_is_an_error(self):
        done = run("out-of-memory", before=allow_address_space(256 << 20))
        self.assertEqual(
            (2, "heapline-demo: limiting the address space: Operation not "
             "permitted\nheapline-demo: out-of-memory: RuntimeError: running "
             "it again: it ended with status 2\n"),
            (done.returncode, done.stderr))


if __name__ == "__main__":
    stages.main()

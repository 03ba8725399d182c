"""The demonstration program ends with 0, or with 2 and a line that says why."""

import os
import shutil
import subprocess
import tempfile

import stages


def run(*arguments, program=stages.PROGRAM, stdout=subprocess.PIPE,
        **environment):
    return subprocess.run(
        [program, *arguments], text=True, env={**os.environ, **environment},
        stdout=stdout, stderr=subprocess.PIPE, timeout=120, check=False)


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


if __name__ == "__main__":
    stages.main()

"""probes.py: tests of one small C program: compiles it, runs it traced, reads
what it left behind with the second reader (snapshot_bytes.py)."""

import os
import shutil
import subprocess

from snapshot_bytes import Snapshot
from wrapping import SHIM, WrappingTest

HERE = os.path.dirname(os.path.abspath(__file__))


class ProbeTest(WrappingTest):
    def compile(self, source, *flags):
        target = os.path.join(self.folder, os.path.splitext(source)[0])
        if not os.path.exists(target):
            self.build(target, source, *flags)
        return target

    def compile_library(self, source):
        target = os.path.join(self.folder, os.path.splitext(source)[0] + ".so")
        self.build(target, source, "-shared", "-fPIC")
        return target

    def build(self, target, source, *flags):
        compiler = os.environ.get("HEAPLINE_C_COMPILER", "cc")
        subprocess.run(
            [compiler, "-std=gnu11", "-g", "-O1", "-fno-builtin", "-Wall",
             os.path.join(HERE, source), "-o", target, "-pthread", "-ldl",
             *flags], check=True)

    def read_all(self, program="*"):
        """All snapshots, each whole. Fails where temporary files were left."""
        return [Snapshot(path) for path in self.snapshots_of(program)]

    def remove_snapshots(self):
        shutil.rmtree(self.snapshots, ignore_errors=True)


__all__ = ["ProbeTest", "SHIM", "HERE"]

"""Programs that must not be traced run as without the tracer, and one plain
line says so."""

import os
import subprocess
import unittest

from probes import ProbeTest

PROGRAM = """
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static void* run(void* p) { free(malloc(10)); return p; }
int main(int count, char** arguments) {
  pthread_t thread;
  (void)arguments;
  pthread_create(&thread, 0, run, 0);
  pthread_join(thread, 0);
  char* volatile block = malloc(10);
  if (count > 1) block[10] = 1;
  free(block);
  puts("still here");
  return 3;
}
"""


class SteppingAside(ProbeTest):
    def build_with(self, *flags):
        source = os.path.join(self.folder, "program.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        target = os.path.join(self.folder, "program")
        compiler = os.environ.get("HEAPLINE_C_COMPILER", "cc")
        if subprocess.run([compiler, "-g", source, "-o", target, "-pthread",
                           *flags], stderr=subprocess.DEVNULL).returncode:
            self.skipTest(f"cannot build with {flags}")
        return target

    def expect_untouched(self, program):
        plain = self.run_program([program])
        traced = self.run_traced([program])
        self.assertEqual((plain.status, plain.stdout),
                         (traced.status, traced.stdout), repr(traced))
        self.assertEqual([], self.snapshots_of())
        lines = traced.stderr.decode().splitlines()
        self.assertEqual(1, len(lines), traced.stderr)
        self.assertIn("not traced", lines[0])

    def test_an_address_sanitizer_build_runs_and_still_finds_its_error(self):
        program = self.build_with("-fsanitize=address")
        self.expect_untouched(program)
        plain = self.run_program([program, "overflow"])
        traced = self.run_traced([program, "overflow"])
        self.assertEqual(plain.status, traced.status)
        self.assertIn(b"heap-buffer-overflow", plain.stderr)
        self.assertIn(b"heap-buffer-overflow", traced.stderr)

    def test_a_thread_sanitizer_build_runs(self):
        self.expect_untouched(self.build_with("-fsanitize=thread"))

    def test_an_undefined_behaviour_sanitizer_build_is_traced(self):
        program = self.build_with("-fsanitize=undefined")
        self.assertEqual(3, self.run_traced([program]).status)
        self.assertEqual(1, len(self.read_all()))

    def test_another_allocator_before_or_behind_us_does_not_hang(self):
        program = self.build_with()
        for name in ("libjemalloc.so.2", "libtcmalloc_minimal.so.4",
                     "libmimalloc.so.2.0"):
            path = "/usr/lib/x86_64-linux-gnu/" + name
            if not os.path.exists(path):
                continue
            environment = self.traced_environment()
            shim = environment["LD_PRELOAD"]
            for order in (f"{shim} {path}", f"{path} {shim}"):
                environment["LD_PRELOAD"] = order
                outcome = self.run_program([program], environment, timeout=20)
                self.assertEqual((3, b"still here\n"),
                                 (outcome.status, outcome.stdout), order)

    def test_valgrind_runs_the_program_alone(self):
        valgrind = self.need("valgrind")
        program = self.build_with()
        outcome = self.run_traced([valgrind, "-q", program],
                                  options="follow=program")
        self.assertEqual((3, b"still here\n"),
                         (outcome.status, outcome.stdout), repr(outcome))
        self.assertEqual([], self.snapshots_of("program"))


if __name__ == "__main__":
    unittest.main()

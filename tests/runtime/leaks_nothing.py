"""The fixed variant of each scenario leaves nothing behind, by the judgement of
LeakSanitizer, which knows neither the runtime nor the tracer, and of the
runtime's own count: blocks of pools are given back with their arenas, before
LeakSanitizer looks."""

import os
import subprocess
import unittest

import demo_program

PROGRAM = os.path.join(os.environ["HEAPLINE_BUILD_DIR"], "bin",
                       "demo_leak_checked")


def run(scenario, variant, heap):
    return subprocess.run(
        [PROGRAM, scenario, "--variant", variant, "--heap", heap], text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120)


# Takes its own address space away, which the sanitizer cannot live without.
WITHOUT_ADDRESSES = {"out-of-memory"}


class LeaksNothing(unittest.TestCase):
    def test_fixed_scenarios_leak_nothing(self):
        names = demo_program.scenarios()
        self.assertTrue(names)
        for name in sorted(set(names) - WITHOUT_ADDRESSES):
            for heap in ("malloc", "pools"):
                with self.subTest(name=name, heap=heap):
                    done = run(name, "fixed", heap)
                    self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_the_judge_sees_a_lost_pointer(self):
        done = run("lost-pointer", "broken", "malloc")
        self.assertNotEqual(0, done.returncode)
        self.assertIn("LeakSanitizer: detected memory leaks", done.stderr)

    def test_the_count_sees_what_is_leaked_in_pools(self):
        # 40 sessions hold themselves by a native block.
        done = run("foreign-block", "broken", "pools")
        self.assertRegex(done.stderr,
                         r"(?m)^leaked: \d\d+ blocks of a runtime$")


if __name__ == "__main__":
    unittest.main()

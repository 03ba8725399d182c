"""How the programs that users install are built (docs/contributing.md,
"Security"): position independent, nothing writable that need not be, calls
checked, and marked for control-flow enforcement. What the shim exports and asks
for is shim_gates.py's."""

import json
import os
import re
import unittest

import elf
import tree

ANALYZER = os.path.join(tree.BUILD, "bin", "heapline")
SHIM = os.path.join(tree.BUILD, "lib", "libheapline.so")


def cached(name):
    """A variable of the build's CMake cache, or ""."""
    with open(os.path.join(tree.BUILD, "CMakeCache.txt"),
              encoding="utf-8") as file:
        found = re.search(rf"^{name}:\w+=(.*)$", file.read(), re.MULTILINE)
    return found.group(1) if found else ""


class Hardening(unittest.TestCase):
    def setUp(self):
        for path in (ANALYZER, SHIM):
            self.assertTrue(os.path.exists(path), f"{path}: not built")

    def test_the_analyzer_is_position_independent(self):
        self.assertRegex(elf.readelf("--file-header", ANALYZER),
                         r"Type:\s+DYN")
        self.assertRegex(elf.readelf("--dynamic", ANALYZER), r"\bPIE\b")

    def test_everything_is_bound_at_start_and_then_read_only(self):
        for path in (ANALYZER, SHIM):
            self.assertIn("GNU_RELRO", elf.readelf("--segments", path), path)
            self.assertRegex(elf.readelf("--dynamic", path), r"\bNOW\b", path)

    def test_no_memory_is_writable_and_executable(self):
        for path in (ANALYZER, SHIM):
            segments = elf.readelf("--segments", path)
            self.assertRegex(segments, r"GNU_STACK\b.*\bRW\b", path)
            for line in segments.split("\n"):
                self.assertNotRegex(line, r"^\s*(LOAD|GNU_STACK)\b.*\bRWE\b",
                                    path)

    def test_no_library_is_looked_for_beside_the_usual_places(self):
        for path in (ANALYZER, SHIM):
            self.assertNotRegex(elf.readelf("--dynamic", path),
                                r"\((RPATH|RUNPATH|TEXTREL)\)", path)

    def test_all_our_code_is_marked_for_control_flow_enforcement(self):
        if os.uname().machine != "x86_64":
            self.skipTest("marks of x86-64")
        # Debian's start files have no marks, so the program as a whole cannot
        # have them: its objects do.
        archives = [os.path.join(tree.BUILD, "lib", "libheapline_" + name + ".a")
                    for name in ("base", "snapshot", "symbolize", "analysis",
                                 "report", "export", "command")]
        for path in [*archives, SHIM]:
            members = re.split(r"^File: ", elf.readelf("--notes", path),
                               flags=re.MULTILINE)
            for notes in members[1:] or members:
                self.assertRegex(notes, r"x86 feature:.*\bIBT\b.*\bSHSTK\b",
                                 f"{path}: {notes[:60]}")

    def test_the_analyzer_checks_its_calls_and_its_stack(self):
        if cached("CMAKE_BUILD_TYPE") == "Debug":
            self.skipTest("not optimised, so not fortified")
        asked = {name for name, _, section, _ in elf.dynamic_symbols(ANALYZER)
                 if section == "UND"}
        self.assertIn("__stack_chk_fail", asked)
        self.assertTrue(any(re.fullmatch(r"__\w+_chk", name)
                            for name in asked), "nothing is fortified")

    def test_the_analyzer_is_compiled_at_the_highest_level_of_checks(self):
        if cached("CMAKE_BUILD_TYPE") == "Debug":
            self.skipTest("not optimised, so not fortified")
        options = tree.read("analyzer/CMakeLists.txt")
        for option in ("-D_FORTIFY_SOURCE=3", "-fstack-protector-strong",
                       "-fcf-protection"):
            self.assertIn(option, options)
        path = os.path.join(tree.BUILD, "compile_commands.json")
        with open(path, encoding="utf-8") as file:
            commands = json.load(file)
        ours = [command["command"] for command in commands
                if "/analyzer/CMakeFiles" in command.get("output", "")
                or "analyzer/" in command["file"]]
        self.assertNotEqual([], ours)
        for command in ours:
            self.assertIn("-D_FORTIFY_SOURCE=3", command)


if __name__ == "__main__":
    unittest.main()

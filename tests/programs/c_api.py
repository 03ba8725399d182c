"""heapline.h in programs: C11 and C++17, gcc and clang, PIE and not, free of
warnings; a no-op without the tracer, and with it each call does what its
comment says."""

import os
import shutil
import unittest

import wrapping

WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Wshadow", "-Wconversion",
            "-Wundef", "-Werror"]
SOURCES = [os.path.join(wrapping.SOURCE, "tests/programs", name)
           for name in ("c_api_probe.c", "c_api_other_unit.c")]

ABSENT = {"present": 0, "present_in_other_unit": 0, "current_grew_by": 0,
          "current_fell_back": 1, "peak_saw_it": 0, "peak_was_reset": 1,
          "first_add_root": 0, "remove_root": 0, "second_remove_root": 0,
          "snapshot": 0}
PRESENT = {"present": 1, "present_in_other_unit": 1, "current_grew_by": 100000,
           "current_fell_back": 1, "peak_saw_it": 1, "peak_was_reset": 1,
           "first_add_root": 1, "remove_root": 1, "second_remove_root": 0,
           "snapshot": 1}


class CApi(wrapping.WrappingTest):
    def compile_probe(self, compiler, language, *flags):
        if shutil.which(compiler) is None:
            self.skipTest(f"{compiler} is not installed")
        program = os.path.join(self.folder, "probe")
        standard = "-std=c11" if language == "c" else "-std=c++17"
        outcome = self.run_program(
            [compiler, "-x", language, standard, "-g", "-O1", *WARNINGS, *flags,
             "-I" + wrapping.SOURCE + "/include", *SOURCES, "-o", program,
             "-pthread"])
        self.assertEqual((0, b""), (outcome.status, outcome.stderr),
                         outcome.stderr.decode())
        return program

    def answers(self, outcome):
        self.assertEqual((0, b""), (outcome.status, outcome.stderr),
                         repr(outcome))
        return {name: int(value) for name, value in
                (line.split() for line in outcome.stdout.decode().split("\n")
                 if line)}

    def hold(self, compiler, language, *flags):
        program = self.compile_probe(compiler, language, *flags)
        self.assertEqual(ABSENT, self.answers(self.run_program([program])))
        self.assertEqual([], self.snapshots_of())
        self.assertEqual(PRESENT, self.answers(
            self.run_traced([program], "at_exit=0")))
        snapshots = self.snapshots_of("probe")
        self.assertEqual(1, len(snapshots))
        self.hold_snapshot(snapshots[0])

    def hold_snapshot(self, path):
        whole = self.expect_sums(path)
        self.assertEqual("api", whole["reason"])
        self.assertEqual("from the probe", whole["label"])
        self.assertEqual(3, whole["round"])
        # stop() was in force when a block came that is now unknown.
        self.assertEqual(0, int(whole["complete"]))
        blocks = self.blocks_by_size(path)
        for bytes_, is_known in ((30001, True), (30002, True), (40001, True),
                                 (40002, False), (50001, False), (50002, True),
                                 (60001, False),  # freed while stopped
                                 # Pool blocks stand for their arena's block.
                                 (1008, True), (2000, True), (500, False),
                                 (65536, False)):
            self.assertEqual(is_known, bytes_ in blocks, f"{bytes_} bytes")
        for bytes_, scopes in ((30001, ["inner scope", "outer scope"]),
                               (30002, [])):
            names = [frame["function"] for frame in blocks[bytes_]]
            self.assertEqual(scopes, [
                name[len("<scope "):-1] for name in names
                if name.startswith("<scope ")], names)
        text = self.heapline("export", path, "--to", "text")
        self.assertIn("should be gone", text)
        self.assertEqual(1, sum(line.startswith("root-region ")
                                for line in text.split("\n")), "one root")

    def blocks_by_size(self, path):
        """{bytes: stack} of the rows that hold one block."""
        rows = self.report("top", path, "--by", "stack",
                           *wrapping.ALL_ROWS)["rows"]
        return {row["live_bytes"]: row["stack"] for row in rows
                if row["live_count"] == 1}

    def test_c11_by_gcc(self):
        self.hold("gcc", "c")

    def test_c11_by_gcc_without_pie(self):
        self.hold("gcc", "c", "-fno-pie", "-no-pie")

    def test_cxx17_by_gcc(self):
        self.hold("g++", "c++")

    def test_cxx17_by_gcc_without_pie(self):
        self.hold("g++", "c++", "-fno-pie", "-no-pie")

    def test_c11_by_clang(self):
        self.hold("clang", "c")

    def test_c11_by_clang_without_pie(self):
        self.hold("clang", "c", "-fno-pie", "-no-pie")

    def test_cxx17_by_clang(self):
        self.hold("clang++", "c++")

    def test_cxx17_by_clang_without_pie(self):
        self.hold("clang++", "c++", "-fno-pie", "-no-pie")

    def test_the_header_can_be_turned_into_nothing(self):
        program = self.compile_probe("gcc", "c", "-DHEAPLINE_DISABLE",
                                     "-static")
        self.assertEqual(ABSENT, self.answers(self.run_program([program])))

    def test_a_pending_dlerror_is_the_only_trace_without_the_tracer(self):
        source = os.path.join(self.folder, "quiet.c")
        with open(source, "w", encoding="ascii") as file:
            file.write('#include <heapline/heapline.h>\n'
                       '#include <errno.h>\n'
                       'int main(void) {\n'
                       '  errno = 7;\n'
                       '  heapline_round();\n'
                       '  return errno != 7 || dlerror() != NULL;\n'
                       '}\n')
        program = os.path.join(self.folder, "quiet")
        built = self.run_program(
            ["gcc", "-std=c11", *WARNINGS, "-I" + wrapping.SOURCE + "/include",
             source, "-o", program])
        self.assertEqual(0, built.status, repr(built))
        for run in (self.run_program, self.run_traced):
            self.assertEqual(0, run([program]).status)

    def test_an_installed_package_gives_the_header(self):
        prefix = os.path.join(self.folder, "prefix")
        installed = self.run_program(
            ["cmake", "--install", wrapping.BUILD, "--prefix", prefix])
        self.assertEqual(0, installed.status, repr(installed))
        for path in ("bin/heapline", "lib/libheapline.so",
                     "include/heapline/heapline.h",
                     "lib/cmake/heapline/heaplineConfig.cmake"):
            self.assertTrue(os.path.exists(os.path.join(prefix, path)), path)
        user = os.path.join(self.folder, "user")
        os.mkdir(user)
        with open(user + "/CMakeLists.txt", "w", encoding="ascii") as file:
            file.write("cmake_minimum_required(VERSION 3.16)\n"
                       "project(user C)\n"
                       "find_package(heapline 0.1 REQUIRED)\n"
                       "find_package(Threads REQUIRED)\n"
                       "add_executable(user " + " ".join(SOURCES) + ")\n"
                       "target_link_libraries(user heapline::heapline "
                       "Threads::Threads)\n")
        for step in (["cmake", "-S", user, "-B", user + "/b",
                      "-DCMAKE_PREFIX_PATH=" + prefix],
                     ["cmake", "--build", user + "/b"]):
            outcome = self.run_program(step)
            self.assertEqual(0, outcome.status, repr(outcome))
        self.assertEqual(ABSENT, self.answers(
            self.run_program([user + "/b/user"])))
        # The installed command finds the installed shim beside itself.
        outcome = self.run_program(
            [prefix + "/bin/heapline", "run", "-o", self.snapshots, "--",
             user + "/b/user"])
        self.assertEqual(0, outcome.status, repr(outcome))
        self.assertIn(b"present 1\n", outcome.stdout)
        self.assertTrue(self.snapshots_of("user"))


if __name__ == "__main__":
    unittest.main()

"""The shape of the house (docs/contributing.md): what stands at the top, how
headers begin, how long a file may be, and that the generated pages are those
their tables give."""

import os
import re
import subprocess
import sys
import unittest

import tree

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "README.md", "analyzer",
             "docs", "include", "preload", "samples", "tests"}
MOST_LINES = 600
MOST_COLUMNS = 80


class HouseRules(unittest.TestCase):
    def expect_nothing(self, broken):
        self.assertEqual([], broken, "\n" + "\n".join(broken))

    def test_the_top_level_holds_what_it_should(self):
        present = {name for name in os.listdir(tree.SOURCE)
                   if not name.startswith(".") and name not in tree.NOT_SOURCE}
        self.assertEqual(TOP_LEVEL, present)

    def test_every_header_begins_with_a_comment_that_names_it(self):
        broken = []
        for path in tree.files(".h", ".def"):
            name = os.path.basename(path)
            first = tree.read(path).split("\n", 1)[0]
            if not re.match(r"(//|/\*) " + re.escape(name) + ":", first):
                broken.append(f"{path}:1: does not begin with its name and "
                              f"what it is: {first!r}")
        self.expect_nothing(broken)

    def test_every_header_has_the_guard_of_its_path(self):
        broken = []
        for path in tree.files(".h"):
            guarded = re.sub("^include/", "", path)
            if guarded == path and not path.startswith("samples"):
                guarded = "heapline/" + path
            guard = re.sub(r"[^A-Za-z0-9]", "_", guarded).upper() + "_"
            text = tree.read(path)
            if f"#ifndef {guard}\n#define {guard}\n" not in text:
                broken.append(f"{path}: no guard {guard}")
        self.expect_nothing(broken)

    def test_no_file_is_longer_than_600_lines(self):
        broken = []
        for path in tree.files(*tree.CODE, ".py", ".sh", "CMakeLists.txt"):
            count = tree.read(path).count("\n")
            if count > MOST_LINES:
                broken.append(f"{path}: {count} lines: split it")
        self.expect_nothing(broken)

    def test_code_fits_80_columns(self):
        broken = []
        for path in tree.files(*tree.CODE):
            for number, line in enumerate(tree.read(path).split("\n"), 1):
                if len(line) > MOST_COLUMNS and "http" not in line:
                    broken.append(f"{path}:{number}: {len(line)} columns")
        self.expect_nothing(broken)

    def test_nothing_is_left_to_be_done_later(self):
        word = re.compile(r"\b(" + "TO" + "DO|FIX" + "ME|XX" + r"X)\b")
        broken = []
        for path in tree.files(*tree.CODE, ".py", ".md", ".txt", ".cmake"):
            for number, line in enumerate(tree.read(path).split("\n"), 1):
                if word.search(line):
                    broken.append(f"{path}:{number}: {line.strip()}")
        self.expect_nothing(broken)

    def test_every_source_is_listed_by_name_in_a_cmake_file(self):
        listed = "\n".join(tree.read(path) for path in
                           tree.files("CMakeLists.txt", ".cmake"))
        self.expect_nothing([
            f"{path}: in no CMake file" for path in tree.files(".cc", ".c")
            if not re.search(r"(?<![\w])" + re.escape(os.path.basename(path)) +
                             r"\b", listed)])

    def test_the_options_page_is_what_the_table_gives(self):
        page = subprocess.run(
            [sys.executable, "-B", os.path.join(tree.SOURCE, "docs/options.py")],
            stdout=subprocess.PIPE, check=True, text=True).stdout
        self.assertEqual(page, tree.read("docs/options.md"),
                         "run docs/options.py > docs/options.md")

    def test_links_between_pages_lead_somewhere(self):
        broken = []
        for path in tree.files(".md"):
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", tree.read(path)):
                if re.match(r"[a-z]+:", target):
                    continue
                place = os.path.normpath(
                    os.path.join(tree.SOURCE, os.path.dirname(path), target))
                if not os.path.exists(place):
                    broken.append(f"{path}: no {target}")
        self.expect_nothing(broken)


if __name__ == "__main__":
    unittest.main()

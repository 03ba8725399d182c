"""The map of the checklist holds: each of its 108 rows leads to a scenario that
runs, a test that ctest runs, or a page that speaks of the row."""

import json
import os
import re
import subprocess
import unittest

import demo_program

SOURCE = os.environ["HEAPLINE_SOURCE_DIR"]
BUILD = os.environ["HEAPLINE_BUILD_DIR"]
ROWS = 108


def text_of(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        return file.read()


def rows_of_kind(kind):
    return [row for row in json.loads(demo_program.output("--checklist"))
            if row["kind"] == kind]


def registered_tests():
    listing = subprocess.run(
        ["ctest", "--test-dir", BUILD, "--show-only=json-v1"], check=True,
        text=True, stdout=subprocess.PIPE, timeout=120).stdout
    return {test["name"] for test in json.loads(listing)["tests"]}


def tests_in(path):
    """As ctest names what stands in a file: folder.file.promise for Python,
    Suite.Promise for GoogleTest."""
    text = text_of(path)
    if path.endswith(".py"):
        folder, file = path[:-len(".py")].split("/")[-2:]
        return {f"{folder}.{file}.{promise}" for promise in
                re.findall(r"^    def test_(\w+)", text, re.M)}
    return {f"{suite}.{promise}" for suite, promise in
            re.findall(r"^TEST(?:_F)?\((\w+),\s*(\w+)\)", text, re.M)}


def rows_spoken_of(page):
    """{34, 51, 52} where it says "row 34", "rows 51 and 52"."""
    spoken_of = set()
    for numbers in re.findall(r"\brows?\s((?:\d+|,|\sand|\s)+)",
                              text_of(page)):
        spoken_of.update(int(number) for number in re.findall(r"\d+", numbers))
    return spoken_of


class Checklist(unittest.TestCase):
    def test_each_row_is_mapped_once(self):
        rows = json.loads(demo_program.output("--checklist"))
        self.assertEqual(list(range(1, ROWS + 1)),
                         [row["row"] for row in rows])
        self.assertEqual(set(), {row["kind"] for row in rows} -
                         {"scenario", "test", "docs"})

    def test_each_scenario_that_honours_a_row_claims_it(self):
        claimed = {row["name"]: row for row in
                   json.loads(demo_program.output("--scenarios"))}
        for row in rows_of_kind("scenario"):
            with self.subTest(row=row["row"]):
                scenario = claimed[row["scenario"]]
                self.assertIn(row["row"], scenario["rows"])
                self.assertTrue(scenario["file"].endswith(row["where"]))
                self.assertTrue(
                    os.path.isfile(os.path.join(SOURCE, row["where"])))

    def test_each_scenario_that_honours_a_row_runs(self):
        for name in sorted({row["scenario"] for row in
                            rows_of_kind("scenario")}):
            with self.subTest(scenario=name):
                demo_program.output(name, "--variant", "broken")
                demo_program.output(name, "--variant", "fixed")

    def test_each_test_that_honours_a_row_is_registered(self):
        registered = registered_tests()
        for row in rows_of_kind("test"):
            with self.subTest(row=row["row"]):
                self.assertTrue(tests_in(row["where"]) & registered,
                                f"ctest runs nothing of {row['where']}")

    def test_each_page_that_honours_a_row_speaks_of_it(self):
        for row in rows_of_kind("docs"):
            with self.subTest(row=row["row"]):
                self.assertIn(row["row"], rows_spoken_of(row["where"]))


if __name__ == "__main__":
    unittest.main()

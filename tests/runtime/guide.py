"""The pages of docs/demo show true runs and name scenarios that exist: in each
block "```demo" the lines below `$ heapline demo NAME` are what the program prints,
broken and then fixed; "..." stands for lines left out."""

import json
import os
import re
import unittest

import demo_program

PAGES = os.path.join(os.environ["HEAPLINE_SOURCE_DIR"], "docs", "demo")
# What `heapline demo` takes beside names of scenarios.
COMMANDS = {"list", "all", "tune"}


def pages():
    """{name: text}"""
    texts = {}
    for name in sorted(os.listdir(PAGES)):
        with open(os.path.join(PAGES, name), encoding="utf-8") as file:
            texts[name] = file.read()
    return texts


def shown_runs(text):
    """[(scenario, lines)]"""
    return [(name, lines.splitlines()) for name, lines in re.findall(
        r"^```demo\n\$ heapline demo (\S+)\n((?:.*\n)*?)```$", text, re.M)]


def is_shown_truly(shown, printed):
    """Whether lines are printed as shown; "..." stands for any number."""
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(line) + "\n"
                      for line in demo_program.without_measures(shown))
    text = "".join(line + "\n"
                   for line in demo_program.without_measures(printed))
    return re.fullmatch(pattern, text) is not None


class Guide(unittest.TestCase):
    def test_each_run_is_as_its_page_shows(self):
        symptoms = {row["name"]: row["symptom"] for row in
                    json.loads(demo_program.output("--scenarios"))}
        runs = [run for text in pages().values() for run in shown_runs(text)]
        self.assertNotEqual([], runs)
        for name, shown in runs:
            with self.subTest(scenario=name):
                printed = demo_program.lines(name, "broken")
                if symptoms[name] != "none":
                    printed += demo_program.lines(name, "fixed")
                self.assertTrue(is_shown_truly(shown, printed),
                                f"shown {shown}\nprinted {printed}")

    def test_a_line_that_is_not_printed_is_found(self):
        self.assertTrue(is_shown_truly(["a", "...", "d"], ["a", "b", "d"]))
        self.assertFalse(is_shown_truly(["a", "d"], ["a", "b", "d"]))
        self.assertFalse(is_shown_truly(["a", "...", "c"], ["a", "b", "d"]))

    def test_each_command_names_a_scenario(self):
        known = COMMANDS | {row["name"] for row in
                            json.loads(demo_program.output("--scenarios"))}
        for page, text in pages().items():
            with self.subTest(page=page):
                named = set(re.findall(r"heapline\s+demo\s+([a-z0-9-]+)", text))
                self.assertEqual(set(), named - known)

    def test_the_tour_stops_at_every_scenario(self):
        tour = pages()["README.md"]
        self.assertEqual([], [
            row["name"] for row in json.loads(demo_program.output("--scenarios"))
            if not re.search(r"(?<![\w-])" + row["name"] + r"(?![\w-])", tour)])


if __name__ == "__main__":
    unittest.main()

"""The runs of samples that report pages show: each block "```sample PROGRAM" in
docs/reports is a command on the snapshots of that program of samples/leaks, and
what it prints; addresses differ from run to run, and so do folders."""

import os
import re
import unittest

import wrapping

PAGES = os.path.join(wrapping.SOURCE, "docs", "reports")


def blocks_of(page):
    """[(program, command, output)]"""
    with open(os.path.join(PAGES, page), encoding="utf-8") as file:
        return re.findall(r"^```sample (\w+)\n\$ heapline (.*)\n((?:.+\n)*)```$",
                          file.read(), re.M)


def without_what_differs(text):
    text = re.sub(r"0x[0-9a-f]{6,}", "0x…", text)
    text = re.sub(r"[^\s(]*/(\w+\.cc?:)", r"\1", text)
    # Where the C library calls main is its own affair.
    return "".join(line + "\n" for line in text.splitlines()
                   if not re.match(r"    (__libc_start|_start)", line))


class ReportPages(wrapping.WrappingTest):
    def hold(self, page):
        blocks = blocks_of(page)
        self.assertNotEqual([], blocks)
        for program, command, output in blocks:
            with self.subTest(command=command):
                self.snapshots = os.path.join(self.folder, "of-" + program)
                traced = self.run_traced(
                    [os.path.join(wrapping.SAMPLES, program)])
                self.assertEqual(0, traced.status, repr(traced))
                report = self.run_program(
                    [wrapping.HEAPLINE,
                     *command.replace("snaps", self.snapshots).split()])
                self.assertEqual(without_what_differs(output),
                                 without_what_differs(report.stdout.decode()),
                                 repr(report))

    def test_leaks_is_as_its_page_shows(self):
        self.hold("leaks.md")

    def test_paths_is_as_its_page_shows(self):
        self.hold("paths.md")

    def test_cycles_is_as_its_page_shows(self):
        self.hold("cycles.md")


if __name__ == "__main__":
    unittest.main()

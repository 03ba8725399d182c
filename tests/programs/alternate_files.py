"""alternate_files.py: debug information that leans on another file
(.gnu_debugaltlink), made hostile: the other file names one in its turn."""

import os
import re
import shutil
import subprocess
import unittest

import probes
import wrapping

SOURCE = """
#include <stdlib.h>
static inline __attribute__((always_inline)) void* Inner(long n) {
  char* block = malloc(n + 3);
  *(volatile char*)block = 1;
  return block;
}
__attribute__((noinline)) void* Outer(long n) { return Inner(n * 2); }
int main(int count, char** words) { return Outer(count) == words; }
"""
# In .debug_abbrev: an attribute and its form, and the form that means the same
# place in the alternate file.
ORIGIN_REF4 = b"\x31\x13"
ORIGIN_ALTERNATE = b"\x31\xa0\x3e"
NAME_STRP = b"\x03\x0e"
NAME_ALTERNATE = b"\x03\xa1\x3e"


class AlternateFilesTest(probes.ProbeTest):
    def setUp(self):
        super().setUp()
        self.objcopy = self.need("objcopy")
        source = os.path.join(self.folder, "leans.c")
        with open(source, "w") as file:
            file.write(SOURCE)
        self.program = os.path.join(self.folder, "leans")
        self.build(self.program, source, "-O2", "-gdwarf-4",
                   "-Wl,--build-id=sha1")
        self.run_traced([self.program])
        self.snapshot, = self.snapshots_of()
        self.plain = self.program + ".plain"
        shutil.copy(self.program, self.plain)
        notes = subprocess.check_output(["readelf", "-n", self.plain],
                                        text=True)
        self.build_id = bytes.fromhex(
            re.search("Build ID: ([0-9a-f]+)", notes)[1])

    def lean(self, target, alternate, form, form_of_alternate):
        """A copy of the program, with one form exchanged."""
        part = target + ".part"
        subprocess.check_call([self.objcopy, "--dump-section",
                               f".debug_abbrev={part}", self.plain, target])
        with open(part, "rb") as file:
            abbreviations = file.read()
        self.assertIn(form, abbreviations)
        with open(part, "wb") as file:
            file.write(abbreviations.replace(form, form_of_alternate))
        link = target + ".link"
        with open(link, "wb") as file:
            file.write(alternate.encode() + b"\0" + self.build_id)
        subprocess.check_call(
            [self.objcopy, "--update-section", f".debug_abbrev={part}",
             "--add-section", f".gnu_debugaltlink={link}", target])

    def shown(self):
        cache = os.path.join(self.folder, "cache")
        outcome = self.run_program(
            [wrapping.HEAPLINE, "top", self.snapshot, "--by", "stack"],
            environment={**os.environ, "XDG_CACHE_HOME": cache}, timeout=60)
        self.assertEqual(0, outcome.status, repr(outcome))
        shutil.rmtree(cache, ignore_errors=True)
        return outcome.stdout.decode()

    def test_the_alternate_of_an_alternate_is_never_waited_for(self):
        names = os.path.join(self.folder, "names.debug")
        self.lean(self.program, "names.debug", ORIGIN_REF4, ORIGIN_ALTERNATE)
        shutil.copy(self.plain, names)
        self.assertIn("Inner", self.shown())
        self.lean(names, "pipe.debug", NAME_STRP, NAME_ALTERNATE)
        os.mkfifo(os.path.join(self.folder, "pipe.debug"))
        text = self.shown()
        self.assertNotIn("Inner", text)
        self.assertIn("Outer", text)


if __name__ == "__main__":
    unittest.main()

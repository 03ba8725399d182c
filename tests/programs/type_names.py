"""What a snapshot keeps of CPython's types: their names, and nothing of what
only looks like a type or like a name (type_names_probe.c)."""

import os
import unittest

import snapshot_bytes as form
from probes import ProbeTest


class TypeNames(ProbeTest):
    def named(self):
        """{what the probe calls it: the name that was recorded}."""
        probe = self.compile("type_names_probe.c", "-I",
                             form.SOURCE + "/include")
        outcome = self.run_traced([probe], options="at_exit=0")
        self.assertEqual((0, b""), (outcome.status, outcome.stderr))
        told = dict(line.split()
                    for line in outcome.stdout.decode().splitlines())
        names = {int(address, 16): name for name, address in told.items()}
        snapshot, = self.read_all()
        self.path = snapshot.path
        addresses = [address for address, _ in snapshot.type_names]
        self.assertEqual(sorted(set(addresses)), addresses)
        return {names.get(address, hex(address)): name
                for address, name in snapshot.type_names}

    def test_types_and_nothing_else_have_names(self):
        self.assertEqual(
            {"type": b"type", "plain": b"package.Plain", "meta": b"Meta",
             "long_name": b"ALongNameThatGoesOnAndOnBeyondWhatIsWrittenOfNames"
                          b"WhichIsSixtyFourBytes"[:64],
             "in_block": b"InBlock", "of_meta": b"OfMeta"},
            {key: name.encode() for key, name in self.named().items()})

    def test_nothing_of_other_memory_is_in_the_file(self):
        self.named()
        with open(self.path, "rb") as file:
            data = file.read()
        for text in (b"two words", b"9876-5432", b"aaaaaaaa", b"stranger",
                     b"OfWild", b"no type at all"):
            self.assertNotIn(text, data)

    def test_an_interpreters_types_have_their_own_names(self):
        python = self.need("python3")
        code = ("class Customer: pass\n"
                "class Meta(type): pass\n"
                "class Order(metaclass=Meta): pass\n"
                "kept = [Customer(), Order(), {}, [], lambda: kept]\n"
                "import os, signal; os.kill(os.getpid(), signal.SIGUSR1)\n")
        outcome = self.run_traced(
            [python, "-c", code], options="signal=USR1:at_exit=0",
            environment=dict(os.environ, PYTHONMALLOC="malloc"))
        self.assertEqual((0, b""), (outcome.status, outcome.stderr))
        snapshot, = self.read_all()
        names = {name for _, name in snapshot.type_names}
        self.assertLessEqual(
            {"type", "dict", "list", "str", "function", "tuple", "Customer",
             "Meta", "Order"}, names)

    def test_a_program_without_an_interpreter_has_none(self):
        outcome = self.run_traced([self.need("sort"), "/dev/null"])
        self.assertEqual((0, b""), (outcome.status, outcome.stderr))
        snapshot, = self.read_all()
        self.assertEqual([], snapshot.type_names)


if __name__ == "__main__":
    unittest.main()

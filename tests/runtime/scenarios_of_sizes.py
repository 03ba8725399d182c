"""Chapter 4 of the articles: what objects take. Each scenario prints what the
article prints, and counts as the tracer counts."""

import re

import stages


class Slots(stages.StageTest):
    def test_prints_the_lines_of_the_article(self):
        self.assertEqual(
            "\n"
            "Regular class size: 280 bytes      CPython 3.11: 352\n"
            "Slotted class size: 64 bytes       CPython 3.11: 56\n"
            "Savings : 216 bytes (77%)          CPython 3.11: 296 (84%)\n"
            "PointRegular: new_attr = 42\n"
            "AttributeError: 'PointSlots' object has no attribute 'new_attr'\n",
            self.printed("slots"))

    def test_instances_at_scale_count_the_same_twice(self):
        run = self.traced("slots-at-scale")
        self.hold_counts(run)
        # 56 + 64 + 160, and 56: with 8 of the list that holds each.
        for count in (100_000, 1_000_000):
            for name, each in (("WithoutSlots", 288), ("WithSlots", 64)):
                # And the list itself.
                self.assertEqual(each * count + 56,
                                 run.numbers[f"{name}: {count} by the runtime"])

    def test_the_hundred_thousand_are_charged_to_the_lines_that_make_them(self):
        run = self.traced("slots-at-scale")
        self.assertIn("100K regular instances: 35.5 MB", run.text)
        self.assertIn("100K slotted instances: 14.9 MB", run.text)
        first, last = run.snapshots()
        diff = self.report("diff", first, last, "--by", "stack")
        grown = sum(row["growth_bytes"] for row in diff["rows"]
                    if "Points<" in str(row))
        of_both = (run.numbers["regular: 100000 by the runtime"] +
                   run.numbers["slotted: 100000 by the runtime"])
        self.assertEqual(of_both, grown)

    def test_two_bases_with_slots_are_refused(self):
        self.assertEqual(
            "class Person(Named, Aged): TypeError: multiple bases have "
            "instance lay-out conflict\n"
            "class Person(Named, Mixin): slots name, mail, 56 bytes\n"
            "CPython 3.11: the same error, the same slots, 48 bytes\n",
            self.printed("slot-conflict"))

    def test_access_is_told_as_a_ratio(self):
        self.assertRegex(self.plain("attribute-access").text,
                         r"by offset, from a slot +[0-9.]+ +\d+ times as fast")


class Values(stages.StageTest):
    def test_the_table_of_sizes_has_the_article_s_rows(self):
        sizes = [
            ("int (0)", 28, 28), ("int (1)", 28, 28), ("int (2**30)", 32, 32),
            ("float", 24, 24), ("str (empty)", 41, 49),
            ("str (10 chars)", 51, 59), ("bytes (empty)", 33, 33),
            ("bytes (10)", 43, 43), ("list (empty)", 56, 56),
            ("list (10 ints)", 136, 136), ("dict (empty)", 64, 64),
            ("dict (10 items)", 352, 352), ("set (empty)", 216, 216),
            ("set (10 items)", 728, 728), ("tuple (empty)", 40, 40),
            ("tuple (10)", 120, 120)]
        self.assertEqual(
            "\nObject sizes (sys.getsizeof):\n"
            " Type                 Size (bytes)   CPython 3.11\n"
            " -------------------- ------------   ------------\n" +
            "".join(f" {label:<20} {ours:>12} {cpython:>14}\n"
                    for label, ours, cpython in sizes) +
            "a list of ten texts of 1000 characters: getsizeof 184, "
            "all in all 10639\n",
            self.printed("size-table"))

    def test_shallow_deep_and_retained_differ_as_they_should(self):
        text = self.printed("deep-size")
        rows = {line[:28].strip(): [int(n) for n in re.findall(
            r"(?:shallow|deep|retained) +(\d+)", line)]
            for line in text.splitlines() if "retained" in line}
        alone = rows["dict of lists of dicts"]
        shared = rows["one list held elsewhere, too"]
        cycle = rows["a list twice, and a cycle"]
        self.assertEqual(alone[1], alone[2])
        # Held elsewhere: as deep, and less of it retained: a list of four
        # dicts with an int and a float each, and the two names in them, which
        # all dicts share.
        names = len("id") + len("score") + 2 * 41
        self.assertEqual(alone[:2], shared[:2])
        self.assertEqual(
            alone[1] - (56 + 32 + 4 * (224 + 28 + 24)) - names, shared[2])
        # Only the two new keys come on top.
        self.assertEqual(len("again") + len("self") + 2 * 41,
                         cycle[1] - shared[1])

    def test_containers_grow_as_cpython_s(self):
        text = self.printed("table-growth")
        self.assertEqual(3, text.count("CPython 3.11 the same\n"))
        # An array is 16 bytes smaller: it is no object of the collector's.
        self.assertIn("array('i')   0: 64, 1: 80, 5: 96, 9: 128", text)
        self.assertIn("on average 5.9 % of its room idle", text)

    def test_a_list_of_ints_takes_nine_times_the_array(self):
        run = self.traced("array-or-list")
        self.hold_counts(run)
        for count in (100_000, 1_000_000):
            of_list = run.numbers[f"list of ints: {count} by the runtime"]
            of_array = run.numbers[f"array('i'): {count} by the runtime"]
            # 8 of the list and 28 of the int, but for small ints.
            self.assertEqual(36 * count - 257 * 28 + 56, of_list)
            self.assertLess(of_array, 4.3 * count)

    def test_large_blocks_have_mappings_of_their_own(self):
        text = self.printed("large-blocks")
        self.assertEqual(
            "64 texts of 64 KiB           mappings of their own: 0, 0 KiB\n"
            "and 4 of 1 MiB               mappings of their own: 4, 4112 KiB\n"
            "the large ones freed         mappings of their own: 0, 0 KiB\n",
            text)


class Sharing(stages.StageTest):
    def test_small_integers_and_interned_texts_are_one_object(self):
        text = self.printed("interning")
        for value, answer in ((-6, False), (-5, True), (0, True), (256, True),
                              (257, False)):
            self.assertIn(f"a = {value}; b = {value}; a is b: {answer}\n", text)
        self.assertIn("intern(a) is intern(b): True\n", text)
        self.assertIn("990 hits, 10 misses, 48510 bytes saved", text)

    def test_interned_texts_take_a_pointer_each(self):
        run = self.traced("interning-at-scale")
        self.hold_counts(run)
        for count in (100_000, 1_000_000):
            for name, each in (("texts of their own", 57),
                               ("interned texts", 8)):
                self.assertEqual(each * count + 56,
                                 run.numbers[f"{name}: {count} by the runtime"])

    def test_interning_what_comes_from_outside_grows_without_bound(self):
        self.assertEqual("2000 requests: 2000 interned texts more\n",
                         self.printed("intern-growth"))
        self.assertEqual("2000 requests: 0 interned texts more\n",
                         self.printed("intern-growth", "fixed"))

    def test_blocks_in_pools_are_counted_once(self):
        text = self.printed("pools")
        self.assertIn("10000 blocks in 3 arenas of 256 KiB\n", text)
        self.assertIn("all given back: 0 arenas\n", text)
        # Half of the blocks given back: every size class half full.
        halves = text[text.index("every second"):text.index("all given")]
        self.assertEqual(4, halves.count(" 50%\n"))
        run = self.traced("pools")
        self.hold_counts(run)
        self.assertEqual(57_600_000,
                         run.numbers["blocks in pools: 1000000 by the runtime"])


if __name__ == "__main__":
    stages.main()

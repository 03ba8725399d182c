"""What the scenarios of chapters 1 to 3 print: counting references, collecting
cycles, weak references. Lines that an article has are compared word by word."""

import unittest

import demo_program
from demo_program import lines, without_measures

FILES = ("counting.cc", "collecting.cc", "collector_settings.cc",
         "finalizing.cc", "weak.cc", "weak_patterns.cc")
# A table of times, whose lines say nothing but for their first two columns.
TIMES_ONLY = ("thresholds",)


class Scenarios(unittest.TestCase):
    maxDiff = None

    def expect(self, expected, printed):
        self.assertEqual(expected.strip("\n").split("\n"),
                         [line for line in printed if line])

    def expect_among(self, expected, printed):
        for line in expected.strip("\n").split("\n"):
            self.assertIn(line, printed)

    def test_both_heaps_print_the_same(self):
        names = demo_program.scenarios(*FILES)
        self.assertEqual(24, len(names))
        for name in names:
            if name in TIMES_ONLY:
                continue
            for variant in ("broken", "fixed"):
                with self.subTest(name=name, variant=variant):
                    self.assertEqual(
                        without_measures(lines(name, variant, "malloc")),
                        without_measures(lines(name, variant, "pools")))

    # Chapter 1: counting references.

    def test_counting_prints_the_five_counts_of_the_article(self):
        self.expect("""
After creation : refcount = 1
After b = a : refcount = 2
After c = [a,a,a] : refcount = 5
After del c : refcount = 2
After del b : refcount = 1
After del a : 0 blocks more than before creation
""", lines("counting"))

    def test_a_call_adds_a_temporary_reference(self):
        self.assertEqual(["2", "3", "without the temporary reference: 1"],
                         lines("temporary-reference")[:3])

    def test_the_log_of_a_life_names_every_holder(self):
        printed = lines("lifecycle")
        self.assertEqual("who holds each count (refcount = 3):", printed[0])
        self.assertEqual("  1 since its creation: a", printed[1])
        self.assertRegex(printed[2], r"^  1 since counting\.cc:\d+: b$")
        self.assertRegex(printed[3], r"^  1 since counting\.cc:\d+: c\[0\]$")
        self.assertEqual(
            [["0", "watched", "1"], ["1", "incref", "2", "b"],
             ["2", "incref", "3", "c[0]"], ["3", "decref", "2", "c[0]"],
             ["4", "decref", "1", "b"], ["5", "decref", "0", "a"],
             ["6", "finalized", "0"], ["7", "freed", "0"]],
            [line.split() for line in printed[5:]])

    def test_shared_integers_hide_what_rebinding_counts(self):
        self.expect_among("""
  a = 42 : refcount of 42 = 1
  b = a  : refcount of 42 = 2
  a = 23 : refcount of 42 = 1
  del b  : 42 is freed
  a = 42 : refcount of 42 = 2
  b = a  : refcount of 42 = 3
  a = 23 : refcount of 42 = 2
  del b  : refcount of 42 = 1
""", lines("rebinding"))

    def test_a_collection_examines_what_lives_and_counting_does_not(self):
        printed = without_measures(lines("prompt-free"))
        self.assertEqual("counting alone: 20000 objects freed, each at once",
                         printed[0])
        self.assertRegex(printed[2], r"with the collector: \d+ collections, "
                         r"up to \d{4,} objects examined in one, 0 found")

    def test_what_lives_is_reachable_after_a_collection(self):
        before, after = lines("invariant")
        self.assertEqual(
            "before collect: 415 vertices live, 47 of them reachable", before)
        self.assertEqual(
            "after collect : 47 vertices live, 47 of them reachable", after)

    # Chapter 2: the cyclic collector.

    def test_collect_returns_the_nodes_of_a_cycle(self):
        for variant, found in (("broken", 2), ("fixed", 0)):
            self.assertEqual(
                ["", f"GC collected {found} objects (including the cycle)",
                 "GC thresholds: (700, 10, 10)", "GC counts : (0, 0, 0)"],
                lines("cycle", variant)[:4])
        self.assertEqual(["gc.collect() returns 1"], lines("self-cycle"))
        self.assertEqual(["gc.collect() returns 0"],
                         lines("self-cycle", "fixed"))

    def test_survivors_are_promoted_and_0_disables(self):
        printed = lines("generations")
        self.assertEqual(
            ["gc.get_threshold() = (700, 10, 10)", "new: generation 0",
             "survived gc.collect(0): generation 1",
             "survived gc.collect(1): generation 2",
             "survived gc.collect(2): generation 2"], printed[:5])
        collections = [line.split(", ")[1] for line in printed
                       if line.startswith("  generation")]
        self.assertEqual(collections[:3], collections[3:])
        self.assertNotEqual("0 collections", collections[0])

    def test_debug_flags_print_in_text_and_in_json_lines(self):
        printed = without_measures(lines("debug-flags"))
        self.expect_among("""
gc: collecting generation 2...
gc: done, 2 unreachable, 0 uncollectable, *
gc: collectable <Node *>
len(gc.garbage) = 2: saved, not freed
gc.set_debug(0); gc.garbage.clear(): len(gc.garbage) = 0
""", printed)
        self.assertEqual(4, printed.count("gc: collectable <Node *>"))
        self.assertEqual(2, sum(line.startswith('{"event": ')
                                for line in printed))

    def test_referrers_and_referents_trace_a_cycle(self):
        self.expect("""
gc.get_referrers(A): Node C
gc.get_referents(A): type str Node
gc.get_referrers(B): Node A
gc.get_referents(B): type str Node
gc.get_referrers(C): Node B
gc.get_referents(C): type str Node
cycle: A -> B -> C -> A
gc.collect() returns 3
nodes that live: 0
""", lines("referrers"))

    def test_cycles_stay_while_the_collector_is_off(self):
        self.assertEqual(
            ["after 1000 requests, the collector off: 2000 nodes",
             "after 2000 requests: 4000 nodes"], lines("collector-off"))
        self.assertEqual(
            ["after 1000 requests, the collector back on: 0 nodes",
             "after 2000 requests: 0 nodes"], lines("collector-off", "fixed"))

    def test_finalizers_of_a_cycle_run_once(self):
        self.assertEqual(
            ["del a; del b", "gc.collect()", "  __del__ of A", "  __del__ of B",
             "collected 2, uncollectable 0"], lines("finalizer-cycle"))
        self.assertEqual(
            ["del a; del b", "  __del__ of B", "  __del__ of A", "gc.collect()",
             "collected 0, uncollectable 0"], lines("finalizer-cycle", "fixed"))

    def test_legacy_finalizers_fill_the_garbage_list(self):
        self.assertEqual(
            "finalized 0, collected 0, uncollectable 600, "
            "len(gc.garbage) = 600", lines("legacy-finalizers")[0])
        self.assertEqual(
            "finalized 600, collected 0, uncollectable 0, len(gc.garbage) = 0",
            lines("legacy-finalizers", "fixed")[0])

    def test_a_finalizer_saves_its_object_once(self):
        printed = lines("resurrection")
        self.assertEqual(2, printed.count("  __del__: lazarus = self"))
        self.expect_among("""
  lives: True
lazarus = None: freed without another call, 0 nodes live
  collected 0, alive again 1
  collected 1 without another call
""", printed)

    def test_collecting_first_takes_waiting_garbage_out(self):
        for variant, left in (("broken", 300), ("fixed", 0)):
            self.assertEqual(
                ["unreachable, not collected yet: 300 nodes",
                 f"in the last snapshot: {left} nodes"],
                lines("collect-first", variant))

    def test_a_higher_threshold_collects_less_and_peaks_higher(self):
        rows = [line.split() for line in lines("thresholds")[1:]]
        self.assertEqual(["50", "200", "700", "2000", "10000", "0"],
                         [row[0] for row in rows])
        collections = [int(row[1]) for row in rows]
        peaks = [int(row[4]) for row in rows]
        self.assertEqual(sorted(set(collections), reverse=True), collections)
        self.assertEqual(sorted(peaks), peaks)
        self.assertLess(peaks[0], peaks[-1])

    # Chapter 3: weak references.

    def test_a_weak_reference_gives_none_after_death(self):
        self.expect("""
--- weakref demo ---
Weak ref alive: True
Object: ExpensiveResource('primary')
 [GC] primary deallocated
After del: weak ref alive: False
refcount without a weak reference = 1, with one = 1
""", lines("weak-reference"))

    def test_callbacks_run_once_in_reverse_order(self):
        self.assertEqual(
            [f"  callback {number}: the weak reference gives None, 1 Config "
             "not yet freed" for number in (4, 3, 1)],
            [line for line in lines("weak-callbacks") if "callback " in line])

    def test_a_weak_cache_shrinks_by_itself(self):
        self.expect("""
--- WeakCache demo ---
Cache stats: {'hits': 0, 'misses': 3, 'cached': 3}
After re-access: {'hits': 2, 'misses': 3, 'cached': 3}
 [GC] alpha deallocated
After releasing alpha: {'hits': 2, 'misses': 3, 'cached': 2}
 [GC] beta deallocated
 [GC] gamma deallocated
""", lines("weak-cache", "fixed"))
        self.assertIn("After releasing alpha: "
                      "{'hits': 2, 'misses': 3, 'cached': 3}",
                      lines("weak-cache", "broken"))

    def test_what_only_a_weak_map_has_is_gone_at_once(self):
        self.assertEqual("len(cache) = 0: the list of a million is freed",
                         lines("heavy-object")[0])
        self.assertEqual("len(cache) = 1: the list of a million is alive",
                         lines("heavy-object", "fixed")[0])
        self.expect_among("""
cache.get("config"): None
  TypeError: cannot create weak reference to 'dict' object
""", lines("smart-cache"))
        self.assertIn('cache.get("config"): a Config',
                      lines("smart-cache", "fixed"))

    def test_weak_listeners_and_weak_parents_let_go(self):
        for variant, listeners, parents in (("broken", 200, 50),
                                            ("fixed", 0, 1)):
            self.assertEqual(
                [f"200 panels opened and closed: {listeners} still listen"],
                lines("observers", variant))
            self.assertEqual([f"50 families made, 1 held: {parents} live"],
                             lines("parent-child", variant))


if __name__ == "__main__":
    unittest.main()

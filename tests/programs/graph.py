"""What a snapshot tells of who refers to whom: each kind of root on its own,
each kind of edge, and what must be neither. The probes hide a block's
only pointer in one place (graph_probe.h); all records about that block must be
those expected."""

import re
import unittest

import snapshot_bytes as form
from probes import ProbeTest

INCLUDE = ("-I", form.SOURCE + "/include")
DESCRIPTOR_BYTES = 2304


# The cases of graph_frames_probe.c; all others are graph_probe.c's.
FRAMES = re.compile(r"hold_|coroutine|exit|quick_exit|plain_exit|main_returns")


class GraphTest(ProbeTest):
    def run_probe(self, *case, options="at_exit=0"):
        source = ("graph_frames_probe.c" if FRAMES.match(case[0])
                  else "graph_probe.c")
        probe = self.compile(source, *INCLUDE)
        outcome = self.run_traced([probe, *case], options=options)
        self.assertEqual((0, b""), (outcome.status, outcome.stderr),
                         repr(outcome))
        self.told = {}
        for line in outcome.stdout.decode().splitlines():
            name, value = line.split()
            self.told[name] = int(value, 16)
        snapshot, = self.read_all()
        return snapshot

    def references(self, snapshot, block=None):
        """All that refers to the block, edges as (block, offset, place)."""
        block = self.told["block"] if block is None else block
        roots = [(kind, owner, source, place)
                 for kind, owner, source, to, place in snapshot.roots
                 if to == block]
        edges = [(origin, offset, place)
                 for origin, offset, to, place in snapshot.edges if to == block]
        return roots, edges

    def expect_roots(self, snapshot, *roots):
        self.assertEqual(1, snapshot.properties["graph"])
        self.assertEqual((sorted(roots), []), self.references(snapshot))

    def expect_one_root(self, case, kind, *more, owner=0, place=0, options=
                        "at_exit=0"):
        snapshot = self.run_probe(case, *more, options=options)
        owner = self.told[owner] if owner else 0
        self.expect_roots(snapshot, (kind, owner, self.told["source"], place))
        self.expect_in_area(snapshot, kind, owner, self.told["source"])
        return snapshot

    def expect_in_area(self, snapshot, kind, owner, source):
        self.assertEqual(1, sum(
            start <= source < start + count
            for area_kind, area_owner, start, count, _ in snapshot.root_areas
            if (area_kind, area_owner) == (kind, owner)))


class Roots(GraphTest):
    def test_a_global_variable_is_a_root(self):
        self.expect_one_root("global_zeroed", form.ROOT_GLOBAL)

    def test_a_global_variable_with_a_first_value_is_a_root(self):
        self.expect_one_root("global_set", form.ROOT_GLOBAL)

    def test_thread_local_storage_is_a_root(self):
        self.expect_one_root("tls", form.ROOT_TLS, owner="tid")

    def test_thread_local_storage_of_another_thread_is_a_root(self):
        self.expect_one_root("hold_in_tls", form.ROOT_TLS, owner="owner")

    def test_pthread_setspecific_is_a_root(self):
        snapshot = self.run_probe("specific")
        (root,), edges = self.references(snapshot)
        self.assertEqual((form.ROOT_THREAD, self.told["tid"], 0, []),
                         (root[0], root[1], root[3], edges))
        self.assertLess(root[2] - self.told["from"], DESCRIPTOR_BYTES)
        self.assertGreater(root[2], self.told["from"])

    def test_data_of_a_library_loaded_late_is_a_root(self):
        self.expect_one_root("library", form.ROOT_GLOBAL,
                             self.compile_library("graph_probe_library.c"))

    def test_dynamic_thread_local_storage_hangs_on_its_thread(self):
        snapshot = self.run_probe(
            "library_tls", self.compile_library("graph_probe_library.c"))
        roots, ((origin, offset, place),) = self.references(snapshot)
        self.assertEqual(([], self.told["place"], 0),
                         (roots, origin + offset, place))
        holders, edges = self.references(snapshot, origin)
        if edges:  # a vector of libc's that has grown: a block itself
            holders, _ = self.references(snapshot, edges[0][0])
        self.assertIn(holders[0][0], (form.ROOT_THREAD, form.ROOT_GLOBAL))

    def test_a_mapped_region_is_a_root(self):
        self.expect_one_root("mapping", form.ROOT_MAPPING)

    def test_a_mapped_region_beside_the_allocators_is_a_root(self):
        self.expect_one_root("mapping_beside_block", form.ROOT_MAPPING)

    def test_a_shared_mapping_is_no_root(self):
        self.expect_roots(self.run_probe("shared_mapping"))

    def test_a_region_told_by_the_program_is_a_root_of_its_own_kind(self):
        self.expect_one_root("root_region", form.ROOT_REGION)

    def test_the_stack_of_another_thread_is_a_root(self):
        self.expect_one_root("hold_on_stack", form.ROOT_STACK, owner="owner")

    def test_a_register_alone_is_a_root(self):
        snapshot = self.run_probe("hold_in_register")
        self.expect_roots(snapshot, (form.ROOT_REGISTER, self.told["owner"],
                                     12, 0))

    def test_a_vector_register_alone_is_a_root(self):
        snapshot = self.run_probe("hold_in_vector")
        self.expect_roots(snapshot, (form.ROOT_REGISTER, self.told["owner"],
                                     17 + 9, 0))

    def test_a_coroutines_stack_and_the_threads_own_are_roots(self):
        snapshot = self.expect_one_root("coroutine", form.ROOT_STACK,
                                        owner="tid")
        self.assertEqual(
            ([(form.ROOT_STACK, self.told["tid"], self.told["other_source"],
               0)], []), self.references(snapshot, self.told["other_block"]))

    def test_a_coroutines_stack_in_a_block_is_root_and_block(self):
        snapshot = self.run_probe("coroutine_on_block")
        source = self.told["source"]
        self.assertEqual(
            ([(form.ROOT_STACK, self.told["tid"], source, 0)],
             [(self.told["stack"], source - self.told["stack"], 0)]),
            self.references(snapshot))
        holders, _ = self.references(snapshot, self.told["stack"])
        self.assertIn((form.ROOT_REGISTER, 7),
                      {(kind, source) for kind, _, source, _ in holders})

    def test_a_coroutine_that_sleeps_is_a_mapping(self):
        self.expect_one_root("coroutine_asleep", form.ROOT_MAPPING)


class NoRoots(GraphTest):
    def test_stacks_of_threads_that_have_ended_are_no_roots(self):
        snapshot = self.run_probe("exited_thread")
        self.expect_roots(snapshot)
        # Nor are their vectors of TLS blocks lost: libc keeps them.
        held = {root[3] for root in snapshot.roots}
        held |= {edge[2] for edge in snapshot.edges}
        self.assertEqual([], [block for block in snapshot.blocks
                              if block[0] not in held
                              and block[0] != self.told["block"]])

    def test_libcs_pointer_to_its_top_chunk_is_no_root(self):
        self.expect_roots(self.run_probe("top_chunk"))

    def test_freed_memory_is_no_root(self):
        self.expect_roots(self.run_probe("freed"))

    def test_nothing_of_the_tracers_own_is_a_root_area(self):
        snapshot = self.run_probe("global_zeroed")
        own = [module for module in snapshot.modules
               if module["path"].endswith("libheapline.so")][0]
        for _, _, start, count, _ in snapshot.root_areas:
            self.assertFalse(
                start < own["end"] and own["start"] < start + count,
                f"{start:#x} + {count:#x} in {own}")


class Places(GraphTest):
    def test_an_interior_pointer_tells_where_it_points(self):
        self.expect_one_root("interior", form.ROOT_GLOBAL, place=24)

    def test_the_address_after_a_block_refers_to_it(self):
        self.expect_one_root("past_the_end", form.ROOT_GLOBAL, place=40)

    def test_an_address_further_on_refers_to_nothing(self):
        self.expect_roots(self.run_probe("behind_the_end"))

    def test_the_address_after_a_block_is_the_next_ones_where_one_starts(self):
        snapshot = self.expect_one_root("end_is_start", form.ROOT_GLOBAL)
        self.assertEqual(
            ([], []), self.references(snapshot, self.told["block"] - 64))

    def test_a_pointer_far_into_a_large_block(self):
        self.expect_one_root("far_into_large", form.ROOT_GLOBAL,
                             place=(150 << 20) + 8)


class Edges(GraphTest):
    def test_every_aligned_word_of_a_block_is_an_edge(self):
        snapshot = self.run_probe("edges")
        origin = self.told["from"]
        self.assertEqual(
            ([], [(origin, 16, 0), (origin, 24, 8), (origin, 40, 40),
                  (origin, 88, 0)]), self.references(snapshot))
        _, to_itself = self.references(snapshot, origin)
        self.assertEqual([(origin, 0, 0)], to_itself)

    def test_first_words_tell_modules_and_counts(self):
        snapshot = self.run_probe("first_words")
        block = self.told["block"]
        self.assertEqual(
            [(0, form.WORD_MODULE, self.told["code"]),
             (1, form.WORD_COUNTS, (5, 3)),
             (3, form.WORD_MODULE, self.told["data"]),
             (7, form.WORD_COUNTS, (7, 0))],
            [word[1:] for word in snapshot.object_words if word[0] == block])

    def test_an_address_that_looks_like_counts_is_an_edge(self):
        snapshot = self.run_probe("small_halves")
        self.assertEqual(([], [(self.told["from"], 0, 0)]),
                         self.references(snapshot))

    def test_an_unreadable_page_in_a_block_is_skipped_and_counted(self):
        snapshot = self.run_probe("unreadable_page")
        origin = self.told["from"]
        self.assertEqual(
            ([], [(origin, self.told["low"], 0),
                  (origin, self.told["high"], 0)]), self.references(snapshot))
        self.assertEqual(4096, snapshot.properties["unreadable_bytes"])

    def test_a_region_that_children_do_not_get_counts_as_unreadable(self):
        snapshot = self.run_probe("uncopied_mapping")
        self.expect_roots(snapshot)
        self.assertEqual(4096, snapshot.properties["unreadable_bytes"])
        self.assertIn((form.ROOT_MAPPING, 0, self.told["source"], 0, 4096),
                      snapshot.root_areas)

    def test_a_block_of_64_gib_is_read_where_it_was_written(self):
        snapshot = self.run_probe("untouched_block")
        origin = self.told["from"]
        self.assertEqual(([], [(origin, 8, 0), (origin, 63 << 30, 0)]),
                         self.references(snapshot))

    def test_blocks_of_a_pool_win_over_their_container(self):
        snapshot = self.run_probe("pool")
        origin = self.told["from"]
        self.assertEqual(
            ([], [(origin, 16, 0), (origin, 464, 0), (origin + 256, 8, 0),
                  (origin + 512, 8, 0), (origin + 768, 8, 0)]),
            self.references(snapshot))
        self.assertEqual(([], [(origin, 3000, 16)]),
                         self.references(snapshot, origin + 512))


class TheEnd(GraphTest):
    """The snapshot at exit: the frames of the program count, those of the exit
    handlers hold dead words."""

    def expect_at_exit(self, case, *expected):
        snapshot = self.run_probe(case, options="")
        self.assertEqual("exit", snapshot.properties["reason"])
        self.expect_roots(snapshot, *expected)
        return snapshot

    def stack_root(self, snapshot, owner):
        return (form.ROOT_STACK, self.told[owner], self.told["source"], 0)

    def expect_stack_root(self, case, owner="tid"):
        snapshot = self.run_probe(case, options="")
        self.assertEqual("exit", snapshot.properties["reason"])
        roots, edges = self.references(snapshot)
        self.assertEqual([], edges)
        self.assertEqual([self.stack_root(snapshot, owner)],
                         [root for root in roots
                          if root[0] == form.ROOT_STACK])
        return roots

    def test_nothing_of_a_main_that_has_returned_is_a_root(self):
        snapshot = self.expect_at_exit("main_returns")
        self.assertEqual([], [area for area in snapshot.root_areas
                              if area[0] == form.ROOT_STACK])

    def test_the_frame_that_called_exit_is_a_root(self):
        self.expect_stack_root("exit_from_frame")

    def test_the_frame_that_called_quick_exit_is_a_root(self):
        self.expect_stack_root("quick_exit_from_frame")

    def test_the_frame_that_called_underscore_exit_is_a_root(self):
        self.expect_stack_root("plain_exit_from_frame")

    def test_a_register_of_the_frame_that_called_exit_is_a_root(self):
        snapshot = self.run_probe("exit_register", options="")
        self.expect_roots(snapshot,
                          (form.ROOT_REGISTER, self.told["tid"], 3, 0))

    def test_a_thread_that_still_runs_at_exit_is_a_root(self):
        self.assertEqual(1, len(self.expect_stack_root("exit_beside_thread",
                                                       "owner")))


class Consistency(GraphTest):
    SNAPSHOTS = 40

    def unreachable(self, snapshot):
        targets = {}
        for origin, _, target, _ in snapshot.edges:
            targets.setdefault(origin, []).append(target)
        held = {root[3] for root in snapshot.roots}
        waiting = list(held)
        while waiting:
            for target in targets.get(waiting.pop(), ()):
                if target not in held:
                    held.add(target)
                    waiting.append(target)
        return [block for block in snapshot.blocks if block[0] not in held]

    def test_threads_that_move_pointers_about_lose_none(self):
        probe = self.compile("graph_movers_probe.c", "-O2", *INCLUDE)
        outcome = self.run_traced([probe, str(self.SNAPSHOTS)],
                                  options="at_exit=0")
        self.assertEqual((0, b""), (outcome.status, outcome.stderr))
        snapshots = self.read_all()
        self.assertEqual(self.SNAPSHOTS, len(snapshots))
        for snapshot in snapshots:
            self.assertEqual([], self.unreachable(snapshot), snapshot.path)


class Switches(GraphTest):
    def expect_no_graph(self, snapshot):
        self.assertEqual(0, snapshot.properties["graph"])
        self.assertEqual(
            ([], [], [], []), (snapshot.roots, snapshot.root_areas,
                               snapshot.edges, snapshot.object_words))
        self.assertNotIn("written_edges", snapshot.properties)

    def test_graph_0_records_none(self):
        self.expect_no_graph(
            self.run_probe("global_zeroed", options="at_exit=0:graph=0"))

    def test_sampling_records_none(self):
        self.expect_no_graph(
            self.run_probe("global_zeroed", options="at_exit=0:sample=1"))

    def test_unknown_blocks_are_searched_where_there_may_be_any(self):
        snapshot = self.expect_one_root("untraced", form.ROOT_UNTRACED,
                                        options="at_exit=0:start=0")
        self.assertEqual(0, snapshot.properties["complete"])


del GraphTest

if __name__ == "__main__":
    unittest.main()

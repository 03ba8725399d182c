// Suspected cycles: what they are labelled, what they hold, and what their
// reference counts prove.
#include <gtest/gtest.h>

#include <algorithm>

#include "analyzer/analysis/cycles.h"
#include "analyzer/analysis/dominators.h"
#include "graph_fixture.h"

namespace heapline {
namespace {

struct Found {
  explicit Found(GraphBuilder* heap, ObjectTypes object_types = {})
      : graph(heap->Build()),
        types(std::move(object_types)),
        components(StronglyConnectedComponents(graph.edges())),
        reachability(FloodFromRoots(graph)),
        leaks(FindLeaks(graph, reachability, components)),
        cycles(SuspectedCycles(graph, components, reachability, leaks, types)) {
  }
  ObjectGraph graph;
  ObjectTypes types;
  Components components;
  Reachability reachability;
  LeakKindsOfGraph leaks;
  std::vector<Cycle> cycles;
};

// Elements that know their neighbours at +0 and +8; the last and the first
// know each other in a ring, else nobody.
void AddList(GraphBuilder* heap, Vertex first, Vertex count, bool is_ring) {
  for (Vertex i = 0; i < count; ++i) {
    const bool is_last = i + 1 == count, is_first = i == 0;
    if (!is_last || is_ring) heap->Edge(first + i, 0, first + (i + 1) % count);
    if (!is_first || is_ring) {
      heap->Edge(first + i, 8, first + (i + count - 1) % count);
    }
  }
}

TEST(CyclesTest, ARingOfReferencesOneWayIsOwnership) {
  GraphBuilder heap;
  for (int i = 0; i < 3; ++i) heap.Block(32);
  for (Vertex i = 0; i < 3; ++i) heap.Edge(i, 0, (i + 1) % 3);
  const Found found(&heap);
  ASSERT_EQ(found.cycles.size(), 1u);
  EXPECT_EQ(found.cycles[0].label, CycleLabel::kOwnership);
  EXPECT_EQ(found.cycles[0].members, (std::vector<Vertex>{0, 1, 2}));
  EXPECT_EQ(found.cycles[0].bytes, 96u);
  EXPECT_FALSE(found.cycles[0].is_reachable);
  EXPECT_FALSE(found.cycles[0].has_witness);
}

TEST(CyclesTest, NextAndPrevAreAList) {
  for (const bool is_ring : {false, true}) {
    for (Vertex count = 2; count < 6; ++count) {
      GraphBuilder heap;
      for (Vertex i = 0; i < count; ++i) heap.Block(32);
      AddList(&heap, 0, count, is_ring);
      const Found found(&heap);
      ASSERT_EQ(found.cycles.size(), 1u);
      EXPECT_EQ(found.cycles[0].label, CycleLabel::kList)
          << count << (is_ring ? " in a ring" : "");
    }
  }
}

TEST(CyclesTest, AListsHeadInsideOfItsOwnerIsAnElement) {
  GraphBuilder heap;
  const Vertex owner = heap.Block(128), a = heap.Block(24), b = heap.Block(24);
  heap.Edge(owner, 64, a);
  heap.Edge(owner, 72, b);
  heap.Edge(a, 0, b);
  heap.Edge(a, 8, owner, 64);
  heap.Edge(b, 0, owner, 64);
  heap.Edge(b, 8, a);
  const Found found(&heap);
  ASSERT_EQ(found.cycles.size(), 1u);
  EXPECT_EQ(found.cycles[0].label, CycleLabel::kList);
}

TEST(CyclesTest, AReferenceThatIsNotAnsweredMakesItNoList) {
  GraphBuilder heap;
  for (Vertex i = 0; i < 4; ++i) heap.Block(64);
  for (Vertex i = 0; i < 4; ++i) {
    heap.Edge(i, 0, (i + 1) % 4);
    heap.Edge(i, 8, (i + 3) % 4);
    if (i == 1) heap.Edge(i, 16, 3);
  }
  EXPECT_EQ(Found(&heap).cycles[0].label, CycleLabel::kOwnership);
}

TEST(CyclesTest, ATreeWhoseNodesKnowTheirParentsIsTold) {
  GraphBuilder heap;
  for (Vertex i = 0; i < 7; ++i) heap.Block(48);
  for (Vertex i = 0; i < 7; ++i) {
    if (i != 0) heap.Edge(i, 8, (i - 1) / 2);
    if (2 * i + 2 < 7) {
      heap.Edge(i, 16, 2 * i + 1);
      heap.Edge(i, 24, 2 * i + 2);
    }
  }
  EXPECT_EQ(Found(&heap).cycles[0].label, CycleLabel::kParentLink);
}

TEST(CyclesTest, AMapAndItsHeaderAreATree) {
  // std::map: parent +8, left +16, right +24; the header's parent is the top,
  // its left and right are the least and the greatest, itself inside an owner.
  GraphBuilder heap;
  const Vertex owner = heap.Block(64), top = heap.Block(48),
               left = heap.Block(48), right = heap.Block(48);
  heap.Edge(owner, 16, top);
  heap.Edge(owner, 24, left);
  heap.Edge(owner, 32, right);
  heap.Edge(top, 8, owner, 8);
  heap.Edge(top, 16, left);
  heap.Edge(top, 24, right);
  heap.Edge(left, 8, top);
  heap.Edge(right, 8, top);
  EXPECT_EQ(Found(&heap).cycles[0].label, CycleLabel::kParentLink);
}

TEST(CyclesTest, OnlyAReferenceToItsOwnStartMakesOneObjectACycle) {
  GraphBuilder heap;
  const Vertex text = heap.Block(32), self = heap.Block(32);
  heap.Edge(text, 0, text, 16);
  heap.Edge(self, 8, self);
  const Found found(&heap);
  ASSERT_EQ(found.cycles.size(), 1u);
  EXPECT_EQ(found.cycles[0].members, std::vector<Vertex>{self});
}

TEST(CyclesTest, WhatHangsOnACycleAloneIsHeldByIt) {
  GraphBuilder heap;
  const Vertex a = heap.Block(16), b = heap.Block(32), own = heap.Block(64),
               shared = heap.Block(128);
  const Vertex other = heap.Block(256);
  heap.Edge(a, 0, b);
  heap.Edge(a, 8, own);
  heap.Edge(b, 0, a);
  heap.Edge(b, 8, own);
  heap.Edge(own, 0, shared);
  heap.Edge(other, 0, shared);
  heap.Root(HL_ROOT_GLOBAL, a);
  heap.Root(HL_ROOT_GLOBAL, b);
  heap.Root(HL_ROOT_GLOBAL, other);
  const Found found(&heap);
  ASSERT_EQ(found.cycles.size(), 1u);
  EXPECT_TRUE(found.cycles[0].is_reachable);
  EXPECT_EQ(found.cycles[0].held_count, 1u);
  EXPECT_EQ(found.cycles[0].held_bytes, 64u);
}

ObjectTypes WithCounts(std::vector<ReferenceCount> counts) {
  ObjectTypes types;
  types.names.push_back("");
  types.counts = std::move(counts);
  return types;
}

// Two objects that own each other; a stack may hold one of them.
void AddPair(GraphBuilder* heap, bool has_root) {
  const Vertex a = heap->Block(32), b = heap->Block(32);
  heap->Edge(a, 16, b);
  heap->Edge(b, 16, a);
  if (has_root) heap->Root(HL_ROOT_STACK, a);
}

TEST(CyclesTest, CountsThatTheCycleExplainsProveItGarbage) {
  for (const bool has_root : {false, true}) {
    GraphBuilder heap;
    AddPair(&heap, has_root);
    const Found found(&heap, WithCounts({{0, kStart, 1}, {1, kStart, 1}}));
    ASSERT_EQ(found.cycles.size(), 1u);
    EXPECT_EQ(found.cycles[0].is_reachable, has_root);
    EXPECT_TRUE(found.cycles[0].has_witness);
    EXPECT_EQ(found.cycles[0].label, CycleLabel::kOwnership);
  }
}

TEST(CyclesTest, AnOwnerOutsideTakesTheWitnessAway) {
  GraphBuilder heap;
  AddPair(&heap, true);
  const Found found(&heap, WithCounts({{0, kStart, 2}, {1, kStart, 1}}));
  EXPECT_FALSE(found.cycles[0].has_witness);
}

TEST(CyclesTest, ReferencesFromOtherGarbageExplainCountsToo) {
  GraphBuilder heap;
  AddPair(&heap, true);
  const Vertex c = heap.Block(32), d = heap.Block(32), array = heap.Block(64);
  heap.Edge(c, 0, d);
  heap.Edge(c, 8, array);
  heap.Edge(d, 0, c);
  heap.Edge(array, 0, 0);
  heap.Root(HL_ROOT_STACK, d);
  const Found found(
      &heap,
      WithCounts(
          {{0, kStart, 2}, {1, kStart, 1}, {c, kStart, 1}, {d, kStart, 1}}));
  ASSERT_EQ(found.cycles.size(), 2u);
  EXPECT_TRUE(found.cycles[0].has_witness);
  EXPECT_TRUE(found.cycles[1].has_witness);
}

TEST(CyclesTest, OnlyReferencesToWhereTheObjectBeginsAreCounted) {
  GraphBuilder heap;
  const Vertex a = heap.Block(64), b = heap.Block(64);
  heap.Edge(a, 0, b, 16);
  heap.Edge(b, 0, a, 16);
  heap.Edge(b, 8, a, 24);
  const Found found(&heap, WithCounts({{a, 2, 1}, {b, 2, 1}}));
  EXPECT_TRUE(found.cycles[0].has_witness);
}

TEST(CyclesTest, HeldIsWhatNothingReachesWithoutTheCycleOnRandomGraphs) {
  size_t compared = 0;
  for (uint32_t seed = 0; seed < kRandomGraphs; ++seed) {
    RandomGraph random(seed);
    const Found found(&random.builder);
    std::vector<Vertex> start;
    for (const RandomGraph::RootOf& root : random.roots) {
      start.push_back(root.to);
    }
    for (Vertex v = 0; v < random.size; ++v) {
      if (found.leaks.kind[v] == kDirectLeak) start.push_back(v);
    }
    for (const Cycle& cycle : found.cycles) {
      const auto is_member = [&](Vertex v) {
        return std::binary_search(cycle.members.begin(), cycle.members.end(),
                                  v);
      };
      std::vector<Vertex> outside;
      for (const Vertex v : start) {
        if (!is_member(v)) outside.push_back(v);
      }
      const std::vector<bool> reached = random.ReachedFrom(
          outside, kNoVertex,
          [&](const RandomGraph::EdgeOf& edge) { return !is_member(edge.to); });
      uint64_t bytes = 0;
      for (Vertex v = 0; v < random.size; ++v) {
        if (!reached[v] && !is_member(v)) bytes += found.graph.Bytes(v);
      }
      ASSERT_EQ(cycle.held_bytes, bytes) << "seed " << seed;
      ++compared;
    }
  }
  EXPECT_GT(compared, kRandomGraphs / 4);
}

}  // namespace
}  // namespace heapline

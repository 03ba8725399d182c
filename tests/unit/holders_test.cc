// Who keeps a set of objects alive.
#include "analyzer/analysis/holders.h"

#include <gtest/gtest.h>

#include "analyzer/analysis/components.h"
#include "analyzer/analysis/leak_kinds.h"
#include "analyzer/analysis/reachability.h"
#include "graph_fixture.h"

namespace heapline {
namespace {

struct Held : AnalyzedGraph {
  using AnalyzedGraph::AnalyzedGraph;

  Holder Of(const std::vector<Vertex>& set) const {
    BigVector<uint32_t> set_of(graph.size(), kNoLabel);
    for (const Vertex v : set) set_of[v] = 0;
    return HoldersOf(graph, retention, set_of, 1)[0];
  }
};

TEST(HoldersTest, TheNearestHolderOfNearlyAllIsNamed) {
  GraphBuilder heap;
  const Vertex table = heap.Block(256), stray = heap.Block(64);
  std::vector<Vertex> entries = {stray};
  for (int i = 0; i < 20; ++i) entries.push_back(heap.Block(64));
  for (int i = 0; i < 20; ++i) heap.Edge(table, 8 * i, entries[i + 1]);
  heap.Root(HL_ROOT_GLOBAL, table);
  heap.Root(HL_ROOT_STACK, stray);
  const Held held(heap.Build());
  const Holder holder = held.Of(entries);
  EXPECT_EQ(holder.vertex, table);
  EXPECT_EQ(holder.top, held.retention.GroupVertex(0));
  EXPECT_EQ(holder.bytes, 20u * 64);
}

TEST(HoldersTest, AHolderIsNeverOfTheSet) {
  GraphBuilder heap;
  std::vector<Vertex> list;
  for (int i = 0; i < 100; ++i) list.push_back(heap.Block(32));
  for (int i = 0; i < 99; ++i) heap.Edge(list[i], 0, list[i + 1]);
  heap.Root(HL_ROOT_GLOBAL, list[0]);
  const Held held(heap.Build());
  EXPECT_EQ(held.Of(list).vertex, held.retention.GroupVertex(0));
  EXPECT_EQ(held.Of({list[50], list[51]}).vertex, list[49]);
}

TEST(HoldersTest, WhatNoOneHoldsMostOfIsTheRoots) {
  GraphBuilder heap;
  std::vector<Vertex> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(heap.Block(32));
  for (const Vertex v : blocks) heap.Root(HL_ROOT_GLOBAL, v);
  const Held held(heap.Build());
  EXPECT_EQ(held.Of(blocks).vertex, held.retention.root());
  EXPECT_EQ(held.Of({blocks[0]}).vertex, held.retention.GroupVertex(0));
}

TEST(HoldersTest, TwoRootsToOneBlockAreSeveral) {
  GraphBuilder heap;
  const Vertex v = heap.Block(32);
  heap.Root(HL_ROOT_GLOBAL, v);
  heap.Root(HL_ROOT_TLS, v);
  const Held held(heap.Build());
  EXPECT_EQ(held.Of({v}).vertex, held.retention.root());
}

TEST(HoldersTest, AStackTakesNothingFromAGlobal) {
  GraphBuilder heap;
  const Vertex table = heap.Block(64), inner = heap.Block(32);
  heap.Edge(table, 0, inner);
  heap.Root(HL_ROOT_GLOBAL, table);
  heap.Root(HL_ROOT_STACK, inner);
  heap.Root(HL_ROOT_REGISTER, inner);
  const Held held(heap.Build());
  EXPECT_EQ(held.Of({inner}).vertex, table);
  EXPECT_EQ(held.retention.RetainedCount(table), 2u);
}

TEST(HoldersTest, WhatIsLeakedIsKeptByNothing) {
  GraphBuilder heap;
  const Vertex a = heap.Block(32), b = heap.Block(32);
  const Held held(heap.Build());
  EXPECT_EQ(held.Of({a, b}).vertex, held.retention.unreachable());
}

TEST(HoldersTest, AnEmptySetHasNone) {
  GraphBuilder heap;
  heap.Block(32);
  EXPECT_EQ(Held(heap.Build()).Of({}).vertex, kNoVertex);
}

// By definition: of all vertices outside of the set, the deepest that
// dominates nine tenths of what the topmost holder of more than half does.
TEST(HoldersTest, RandomSetsHaveTheHolderThatTheDefinitionGives) {
  for (uint32_t seed = 0; seed < kRandomGraphs / 4; ++seed) {
    RandomGraph random(seed);
    const Held held(random.builder.Build());
    std::mt19937 choice(seed);
    BigVector<uint32_t> set_of(random.size, kNoLabel);
    uint64_t total = 0;
    for (Vertex v = 0; v < random.size; ++v) {
      if (choice() % 2 != 0) continue;
      set_of[v] = 0;
      total += held.graph.Bytes(v);
    }
    const Holder holder = HoldersOf(held.graph, held.retention, set_of, 1)[0];
    if (total == 0) continue;
    // Bytes of the set below each vertex, by walking up from each member.
    std::vector<uint64_t> below(held.retention.root() + size_t{1}, 0);
    for (Vertex v = 0; v < random.size; ++v) {
      if (set_of[v] == kNoLabel) continue;
      for (Vertex at = v; at != kNoVertex; at = held.retention.Dominator(at)) {
        below[at] += held.graph.Bytes(v);
      }
    }
    Vertex expected = held.retention.root();
    for (const Vertex top : held.retention.order()) {
      if (held.retention.Dominator(top) != held.retention.root()) continue;
      if (below[top] <= total / 2) continue;
      // Parents come first in the order: the last that fits is the deepest.
      for (const Vertex v : held.retention.order()) {
        const bool is_of_set = v < random.size && set_of[v] != kNoLabel;
        bool is_below_top = false;
        for (Vertex at = v; at != kNoVertex;
             at = held.retention.Dominator(at)) {
          is_below_top = is_below_top || at == top;
        }
        if (is_below_top && !is_of_set &&
            below[v] >= below[top] - below[top] / 10) {
          expected = v;
        }
      }
    }
    EXPECT_EQ(holder.vertex, expected) << seed;
    EXPECT_EQ(holder.bytes, below[expected]) << seed;
  }
}

TEST(HoldersTest, AChainOfTenMillionIsWalkedWithoutAStack) {
  constexpr Vertex kLength = 10000000;
  GraphBuilder heap;
  for (Vertex v = 0; v < kLength; ++v) heap.Block(16);
  for (Vertex v = 0; v + 1 < kLength; ++v) heap.Edge(v, 0, v + 1);
  heap.Root(HL_ROOT_GLOBAL, 0);
  const Held held(heap.Build());
  EXPECT_EQ(held.Of({kLength - 1}).vertex, kLength - 2);
}

}  // namespace
}  // namespace heapline

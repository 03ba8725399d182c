// Graphs that would end a careless search: as deep as they are long, edges
// beyond number, everything pointing at itself.
#include <gtest/gtest.h>

#include "analyzer/analysis/components.h"
#include "analyzer/analysis/leak_kinds.h"
#include "analyzer/analysis/reachability.h"
#include "analyzer/analysis/retention.h"
#include "analyzer/analysis/root_paths.h"
#include "graph_fixture.h"

namespace heapline {
namespace {

TEST(GraphHostileTest, AChainOfTenMillionIsWalkedWithoutAStack) {
  constexpr Vertex kLength = 10000000;
  GraphBuilder heap;
  for (Vertex v = 0; v < kLength; ++v) heap.Block(16);
  for (Vertex v = 0; v + 1 < kLength; ++v) heap.Edge(v, 0, v + 1);
  heap.Root(HL_ROOT_GLOBAL, 0);
  const AnalyzedGraph analysis(heap.Build());
  EXPECT_EQ(analysis.components.count, kLength);
  EXPECT_EQ(analysis.leaks.leaks.size(), 0u);
  EXPECT_EQ(analysis.retention.RetainedCount(0), kLength);
  EXPECT_EQ(analysis.retention.RetainedCount(kLength - 1), 1u);
  EXPECT_EQ(analysis.retention.Dominator(kLength - 1), kLength - 2);
  const std::vector<RootPath> paths =
      ShortestPaths(analysis.graph, analysis.groups, kLength - 1, 1);
  ASSERT_EQ(paths.size(), 1u);
  EXPECT_EQ(paths[0].hops.size(), kLength);
}

TEST(GraphHostileTest, ARingOfAMillionThatNothingHoldsIsOneDirectLeak) {
  constexpr Vertex kLength = 1000000;
  GraphBuilder heap;
  for (Vertex v = 0; v < kLength; ++v) heap.Block(16);
  for (Vertex v = 0; v < kLength; ++v) heap.Edge(v, 8, (v + 1) % kLength);
  const AnalyzedGraph analysis(heap.Build());
  EXPECT_EQ(analysis.components.count, 1u);
  ASSERT_EQ(analysis.leaks.leaks.size(), 1u);
  EXPECT_EQ(analysis.leaks.leaks[0].count, kLength);
  EXPECT_EQ(analysis.leaks.leaks[0].indirect_count, 0u);
  EXPECT_EQ(analysis.retention.HolderKind(analysis.retention.Dominator(0)),
            Retention::Holder::kLeak);
}

TEST(GraphHostileTest, AMillionParallelEdgesAreOneReference) {
  GraphBuilder heap;
  const Vertex from = heap.Block(uint64_t{8} << 20), to = heap.Block(16);
  for (uint64_t i = 0; i < (1u << 20); ++i) heap.Edge(from, 8 * i, to);
  heap.Root(HL_ROOT_STACK, from);
  const AnalyzedGraph analysis(heap.Build());
  EXPECT_EQ(analysis.graph.edges().target.size(), 1u << 20);
  EXPECT_EQ(analysis.retention.RetainedCount(from), 2u);
  EXPECT_EQ(analysis.retention.Dominator(to), from);
  EXPECT_EQ(
      ShortestPaths(analysis.graph, analysis.groups, to, 9).front().hops.size(),
      2u);
}

TEST(GraphHostileTest, SelfReferencesHoldNothing) {
  GraphBuilder heap;
  for (Vertex v = 0; v < 1000; ++v) heap.Block(1024);
  for (Vertex v = 0; v < 1000; ++v) {
    for (uint64_t word = 0; word < 128; ++word) {
      heap.Edge(v, word * 8, v, word * 8);
    }
  }
  const AnalyzedGraph analysis(heap.Build());
  EXPECT_EQ(analysis.leaks.leaks.size(), 1000u);
  EXPECT_EQ(analysis.components.count, 1000u);
  EXPECT_EQ(analysis.retention.RetainedCount(analysis.retention.unreachable()),
            1000u);
}

TEST(GraphHostileTest, AMillionRootsToOneObjectAreOnePathAGroup) {
  GraphBuilder heap;
  const Vertex v = heap.Block(16);
  for (uint64_t i = 0; i < (1u << 20); ++i) heap.Root(HL_ROOT_STACK, v);
  const ObjectGraph graph(heap.Build());
  const std::vector<uint32_t> one_group(graph.roots().size(), 0);
  EXPECT_EQ(ShortestPaths(graph, one_group, v, 100).size(), 1u);
}

}  // namespace
}  // namespace heapline

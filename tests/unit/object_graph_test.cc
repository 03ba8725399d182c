// The graph of a snapshot: which references become edges, and of which class.
#include "analyzer/analysis/object_graph.h"

#include <gtest/gtest.h>

#include "analyzer/analysis/block_finder.h"
#include "analyzer/analysis/reachability.h"
#include "graph_fixture.h"

namespace heapline {
namespace {

TEST(ObjectGraphTest, EdgesStandByObjectAndOffset) {
  GraphBuilder heap;
  const Vertex a = heap.Block(64), b = heap.Block(32), c = heap.Block(16);
  heap.Edge(a, 8, c);
  heap.Edge(a, 24, b, 8);
  heap.Edge(c, 0, a);
  const ObjectGraph graph(heap.Build());
  ASSERT_EQ(graph.size(), 3u);
  const Digraph edges = graph.edges();
  EXPECT_EQ(std::vector<uint32_t>(edges.begin.begin(), edges.begin.end()),
            (std::vector<uint32_t>{0, 2, 2, 3}));
  EXPECT_EQ(std::vector<Vertex>(edges.target.begin(), edges.target.end()),
            (std::vector<Vertex>{c, b, a}));
  EXPECT_EQ(graph.Offset(0), 8u);
  EXPECT_EQ(graph.Offset(1), 24u);
  EXPECT_FALSE(graph.IsInterior(0));
  EXPECT_TRUE(graph.IsInterior(1));
  EXPECT_EQ(graph.PlaceOf(1), 1);
}

TEST(ObjectGraphTest, ReferencesToUnknownBlocksAreCountedAndLeftOut) {
  GraphBuilder heap;
  const Vertex a = heap.Block(64);
  heap.EdgeBetween(0x100, 0, heap.AddressOf(a));
  heap.Edge(a, 0, a);
  heap.EdgeBetween(heap.AddressOf(a), 8, 0x50);
  heap.EdgeBetween(heap.AddressOf(a) + 4096, 0, heap.AddressOf(a));
  heap.Root(HL_ROOT_STACK, a);
  heap.RootTo(HL_ROOT_STACK, heap.AddressOf(a) + 16);
  const ObjectGraph graph(heap.Build());
  EXPECT_EQ(graph.edges().target.size(), 1u);
  EXPECT_EQ(graph.dropped_edges(), 3u);
  EXPECT_EQ(graph.roots().size(), 1u);
  EXPECT_EQ(graph.dropped_roots(), 1u);
}

TEST(ObjectGraphTest, ThereMayBeNoBlocksAtAll) {
  GraphBuilder heap;
  heap.EdgeBetween(0x100, 0, 0x200);
  heap.RootTo(HL_ROOT_STACK, 0x100);
  const ObjectGraph graph(heap.Build());
  EXPECT_EQ(graph.size(), 0u);
  EXPECT_EQ(graph.dropped_edges(), 1u);
  EXPECT_EQ(graph.dropped_roots(), 1u);
  EXPECT_EQ(graph.ObjectAt(0x100), kNoVertex);
}

TEST(ObjectGraphTest, AnEmptyArraysCookieIsPointedToExactly) {
  GraphBuilder heap;
  const Vertex cookie = heap.Block(8), large = heap.Block(64);
  heap.Root(HL_ROOT_GLOBAL, cookie, 8);
  heap.Root(HL_ROOT_GLOBAL, large, 64);
  const ObjectGraph graph(heap.Build());
  EXPECT_EQ(graph.roots()[0].reference, ReferenceClass::kExact);
  EXPECT_EQ(graph.roots()[1].reference, ReferenceClass::kInterior);
  EXPECT_EQ(graph.roots()[1].place, kOnePastEnd);
}

TEST(ObjectGraphTest, PoolBlocksAreObjectsAndTheirContainerCountsNothing) {
  GraphBuilder heap;
  const Vertex outside = heap.Block(32);
  heap.BlockAt(0x20000, 4096);
  heap.PoolBlockAt(0x20000, 64);
  heap.PoolBlockAt(0x20100, 48);
  heap.EdgeBetween(0x20000, 8, 0x20100);
  heap.RootTo(HL_ROOT_GLOBAL, 0x20000);
  const ObjectGraph graph(heap.Build());
  ASSERT_EQ(graph.size(), 4u);
  EXPECT_EQ(graph.Bytes(outside), 32u);
  EXPECT_TRUE(graph.IsContainer(1));
  EXPECT_EQ(graph.Bytes(1), 0u);
  EXPECT_EQ(graph.RequestedBytes(1), 4096u);
  EXPECT_EQ(graph.Bytes(2), 64u);
  EXPECT_EQ(graph.roots()[0].object, 2u);
  EXPECT_EQ(graph.edges().Targets(2)[0], 3u);
  EXPECT_EQ(graph.ObjectAt(0x20000), 2u);
  EXPECT_EQ(graph.ObjectAt(0x20110), 3u);
  EXPECT_EQ(graph.ObjectAt(0x20200), 1u);
  EXPECT_EQ(graph.ObjectAt(0x30000), kNoVertex);
}

TEST(ObjectGraphTest, WeakReferencesAreKeptAndNotFollowed) {
  GraphBuilder heap;
  const Vertex a = heap.Block(64), b = heap.Block(64);
  heap.Edge(a, 0, b);
  heap.Edge(a, 8, b, 16);
  heap.Edge(b, 0, a, 16);
  heap.Root(HL_ROOT_GLOBAL, a);
  heap.Root(HL_ROOT_STACK, a, 8);
  ObjectGraph graph(heap.Build());
  graph.Reclassify([](const ObjectGraph::Reference& reference) {
    if (reference.offset == 0 && reference.place == kStart) {
      return ReferenceClass::kWeak;
    }
    return reference.place == 2 ? ReferenceClass::kExact : reference.now;
  });
  ASSERT_EQ(graph.edges().target.size(), 2u);
  EXPECT_EQ(graph.Offset(0), 8u);
  EXPECT_FALSE(graph.IsInterior(0));
  EXPECT_EQ(graph.interior_edge_count(), 0u);
  ASSERT_EQ(graph.weak_edges().size(), 1u);
  EXPECT_EQ(graph.weak_edges()[0].to, b);
  ASSERT_EQ(graph.roots().size(), 1u);
  EXPECT_EQ(graph.roots()[0].kind, HL_ROOT_STACK);
  EXPECT_EQ(graph.weak_roots().size(), 1u);
  graph.Reclassify(
      [](const ObjectGraph::Reference&) { return ReferenceClass::kWeak; });
  EXPECT_EQ(graph.edges().target.size(), 0u);
  EXPECT_EQ(graph.edges().begin.back(), 0u);
  EXPECT_EQ(graph.weak_edges().size(), 3u);
}

TEST(BlockFinderTest, FindsWhatIsThereAndNothingElse) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<uint64_t> addresses;
    const uint64_t gap = uint64_t{16} << random() % 20;
    uint64_t address = random() % (uint64_t{1} << 40) / 16 * 16;
    for (uint64_t i = random() % 500; i > 0; --i) {
      address += random() % 4 == 0 ? gap * (random() % 5) : 16;
      addresses.push_back(address);
    }
    std::vector<uint64_t> wanted = addresses;
    for (const uint64_t at : addresses) {
      wanted.push_back(at + 16);
      wanted.push_back(at - 16);
      wanted.push_back(random());
    }
    std::vector<Vertex> found(wanted.size());
    BlockFinder(addresses).Find(wanted, absl::MakeSpan(found));
    for (size_t i = 0; i < wanted.size(); ++i) {
      const auto behind =
          std::upper_bound(addresses.begin(), addresses.end(), wanted[i]);
      const bool is_there =
          behind != addresses.begin() && *(behind - 1) == wanted[i];
      ASSERT_EQ(found[i],
                is_there ? static_cast<Vertex>(behind - 1 - addresses.begin())
                         : kNoVertex);
    }
  }
}

TEST(ObjectGraphTest, IgnoredRootsHoldNothingAndAreKeptAsWeak) {
  GraphBuilder heap;
  const Vertex a = heap.Block(64), b = heap.Block(64);
  heap.Root(HL_ROOT_GLOBAL, a);
  heap.Root(HL_ROOT_STACK, b);
  heap.Root(HL_ROOT_REGISTER, a);
  ObjectGraph graph(heap.Build());
  graph.IgnoreRoots(1u << HL_ROOT_STACK | 1u << HL_ROOT_REGISTER);
  ASSERT_EQ(graph.roots().size(), 1u);
  EXPECT_EQ(graph.roots()[0].kind, HL_ROOT_GLOBAL);
  EXPECT_EQ(graph.weak_roots().size(), 2u);
  const Reachability reachability = FloodFromRoots(graph);
  EXPECT_EQ(reachability.held_by[a], HL_ROOT_GLOBAL);
  EXPECT_EQ(reachability.held_by[b], kNotHeld);
}

TEST(ObjectGraphTest, WhatStacksAloneHoldIsToldFromWhatMappingsHoldToo) {
  GraphBuilder heap;
  const Vertex on_stack = heap.Block(64), below = heap.Block(64),
               on_both = heap.Block(64), below_both = heap.Block(64),
               in_mapping = heap.Block(64), in_data = heap.Block(64),
               lost = heap.Block(64);
  heap.Edge(on_stack, 0, below);
  heap.Edge(on_both, 0, below_both);
  heap.Edge(in_mapping, 0, on_both);
  heap.Root(HL_ROOT_STACK, on_stack);
  heap.Root(HL_ROOT_STACK, on_both);
  heap.Root(HL_ROOT_STACK, in_data);
  heap.Root(HL_ROOT_GLOBAL, in_data);
  heap.Root(HL_ROOT_MAPPING, in_mapping);
  const ObjectGraph graph(heap.Build());
  const BigVector<uint8_t> alone =
      HeldByStacksAlone(graph, FloodFromRoots(graph));
  EXPECT_EQ(std::vector<uint8_t>(alone.begin(), alone.end()),
            (std::vector<uint8_t>{1, 1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(alone[lost], 0);
}

}  // namespace
}  // namespace heapline

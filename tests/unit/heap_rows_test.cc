#include "analyzer/analysis/heap_rows.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "analyzer/analysis/growth.h"
#include "tests/unit/heap_fixture.h"

namespace heapline {
namespace {

class HeapRowsTest : public testing::Test {
 protected:
  HeapByStack HeapOf(HeapBuilder& builder) {
    HeapByStack heap;
    AddSnapshot(builder.Build(), &stacks_, &heap);
    return heap;
  }
  // "key bytes count" a row.
  std::vector<std::string> Written(const HeapRows& rows) {
    std::vector<std::string> lines;
    for (const HeapRow& row : rows.rows) {
      lines.push_back(row.key.Full() + " " +
                      std::to_string(row.newer.live_bytes) + " " +
                      std::to_string(row.newer.live_count));
    }
    return lines;
  }

  std::unique_ptr<Symbolizer> symbolizer_ =
      Symbolizer::Create(SymbolizerOptions{});
  CallStacks stacks_{symbolizer_.get()};
  HeapRowOptions options_;
};

using Lines = std::vector<std::string>;

TEST_F(HeapRowsTest, EqualRowsAreInTheOrderOfTheirKeys) {
  HeapBuilder heap;
  const NodeId main = heap.Thread("main");
  for (const char* site : {"/c.cc:1", "/a.cc:1", "/b.cc:1"}) {
    heap.Block(heap.Call(main, "f", site), 64);
  }
  EXPECT_EQ(Written(RowsByKey(HeapOf(heap), &stacks_, options_)),
            (Lines{"/a.cc:1 64 1", "/b.cc:1 64 1", "/c.cc:1 64 1"}));
}

TEST_F(HeapRowsTest, CumulativeCountsARecursiveFunctionOnce) {
  HeapBuilder heap;
  NodeId node = heap.Thread("main");
  for (int i = 0; i < 5; ++i) node = heap.Call(node, "Recurse", "/r.cc:9");
  heap.Block(node, 100);
  options_.counting = Counting::kCumulative;
  const HeapRows rows = RowsByKey(HeapOf(heap), &stacks_, options_);
  EXPECT_EQ(Written(rows), Lines{"/r.cc:9 100 1"});
}

TEST_F(HeapRowsTest, CumulativeCountsEveryCallerAndKeepsTheTotal) {
  HeapBuilder heap;
  const NodeId outer = heap.Call(heap.Thread("main"), "Outer", "/o.cc:1");
  heap.Block(heap.Call(outer, "A", "/a.cc:1"), 10);
  heap.Block(heap.Call(outer, "B", "/b.cc:1"), 20);
  options_.counting = Counting::kCumulative;
  const HeapRows rows = RowsByKey(HeapOf(heap), &stacks_, options_);
  EXPECT_EQ(Written(rows),
            (Lines{"/o.cc:1 30 2", "/b.cc:1 20 1", "/a.cc:1 10 1"}));
  EXPECT_EQ(rows.newer.live_bytes, 30);
}

TEST_F(HeapRowsTest, FiltersTakeOutBlocksAndSayHowMany) {
  HeapBuilder heap;
  const NodeId main = heap.Thread("main");
  heap.Block(heap.Call(main, "Keep", "/src/keep.cc:1"), 10);
  heap.Block(heap.Call(main, "Drop", "/src/drop.cc:1"), 20);
  options_.filter.exclude = {"drop.cc"};
  const HeapRows rows = RowsByKey(HeapOf(heap), &stacks_, options_);
  EXPECT_EQ(Written(rows), Lines{"/src/keep.cc:1 10 1"});
  EXPECT_EQ(rows.newer.live_bytes, 10);
  EXPECT_EQ(rows.filtered_out.live_bytes, 20);
  EXPECT_EQ(rows.filtered_out.live_count, 1);
}

TEST_F(HeapRowsTest, WhatTheFileLostIsOnARowOfItsOwn) {
  HeapBuilder heap;
  heap.Block(heap.Call(heap.Thread("main"), "f", "/f.cc:1"), 10);
  Snapshot snapshot = heap.Build();
  snapshot.properties[static_cast<uint32_t>(PropertyId::live_bytes)].number =
      1000;
  snapshot.properties[static_cast<uint32_t>(PropertyId::live_count)].number =
      12;
  HeapByStack by_stack;
  AddSnapshot(snapshot, &stacks_, &by_stack);
  const HeapRows rows = RowsByKey(by_stack, &stacks_, options_);
  EXPECT_EQ(Written(rows), (Lines{"<unaccounted> 990 11", "/f.cc:1 10 1"}));
  EXPECT_EQ(rows.newer.live_bytes, 1000);
}

TEST_F(HeapRowsTest, PoolBlocksStandForTheBlockThatContainsThem) {
  HeapBuilder heap;
  const NodeId main = heap.Thread("main");
  const NodeId pool = heap.Call(main, "Pool", "/pool.cc:1");
  const NodeId user = heap.Call(main, "User", "/user.cc:1");
  heap.Block(pool, 4096);
  heap.Block(pool, 64);
  Snapshot snapshot = heap.Build();
  BlockColumns& pools = snapshot.pool_blocks;
  for (const uint64_t offset : {0, 4080}) {
    pools.address.push_back(snapshot.blocks.address[0] + offset);
    pools.requested_bytes.push_back(16);
    pools.node.push_back(user);
    pools.epoch.push_back(1);
  }
  snapshot.properties.clear();
  HeapByStack by_stack;
  AddSnapshot(snapshot, &stacks_, &by_stack);
  EXPECT_EQ(Written(RowsByKey(by_stack, &stacks_, options_)),
            (Lines{"/pool.cc:1 64 1", "/user.cc:1 32 2"}));
}

TEST_F(HeapRowsTest, ObjectsOfAKnownTypeAreOnItsRow) {
  HeapBuilder heap;
  const NodeId main = heap.Thread("main");
  const NodeId mixed = heap.Call(main, "Make", "/make.cc:1");
  const NodeId typed = heap.Call(main, "Node", "/node.cc:1");
  for (const uint64_t bytes : {40, 60, 8}) heap.Block(mixed, bytes);
  heap.Block(typed, 50);
  Snapshot snapshot = heap.Build();
  snapshot.counters.total_bytes[Index(mixed)] = 1000;
  snapshot.counters.total_bytes[Index(typed)] = 500;
  snapshot.properties.clear();
  ObjectTypes types;
  types.names = {"", "Node", "Leaf"};
  types.of.assign(4, 0);
  types.of[0] = 1;  // 40 of Make's bytes, and Node's 50
  types.of[1] = 2;  // 60 of Make's
  types.of[3] = 1;
  const ObjectGraph graph(snapshot);
  HeapByStack by_stack;
  AddSnapshotByType(snapshot, graph, types, &stacks_, &by_stack);
  options_.key = Key::kType;
  const HeapRows rows = RowsByKey(by_stack, &stacks_, options_);
  EXPECT_EQ(Written(rows), (Lines{"Node 90 2", "Leaf 60 1", "/make.cc:1 8 1"}));
  // What was ever allocated goes with what has most of the live bytes.
  EXPECT_EQ(rows.rows[0].newer.total_bytes, 500);
  EXPECT_EQ(rows.rows[1].newer.total_bytes, 1000);
  EXPECT_EQ(rows.newer.live_bytes, 158);
  EXPECT_EQ(rows.RowOf(rows.rows[1].heaviest_stack, "Leaf"), 1u);
  EXPECT_EQ(rows.RowOf(rows.rows[1].heaviest_stack, ""), 2u);
  EXPECT_EQ(rows.RowOf(rows.rows[1].heaviest_stack, "Node"), 0u);
}

TEST_F(HeapRowsTest, GrowthIsSignedAndRankedByItsSize) {
  HeapBuilder older, newer;
  const NodeId older_main = older.Thread("main");
  const NodeId newer_main = newer.Thread("main");
  older.Block(older.Call(older_main, "Shrinks", "/s.cc:1"), 500);
  older.Block(older.Call(older_main, "Stays", "/t.cc:1"), 900);
  newer.Block(newer.Call(newer_main, "Grows", "/g.cc:1"), 300);
  newer.Block(newer.Call(newer_main, "Stays", "/t.cc:1"), 900);
  const HeapRows rows =
      GrowthByKey(HeapOf(older), HeapOf(newer), &stacks_, options_);
  ASSERT_EQ(rows.rows.size(), 3u);
  EXPECT_EQ(rows.rows[0].key.Full(), "/s.cc:1");
  EXPECT_EQ(rows.rows[0].growth.live_bytes, -500);
  EXPECT_EQ(rows.rows[0].newer.live_bytes, 0);
  EXPECT_EQ(rows.rows[1].growth.live_bytes, 300);
  EXPECT_EQ(rows.rows[2].growth.live_bytes, 0);
  EXPECT_EQ(rows.growth.live_bytes, -200);
}

TEST_F(HeapRowsTest, TheHeaviestStackIsThatOfMostBytesOrOfMostGrowth) {
  const auto build = [](HeapBuilder& heap, uint64_t through_a,
                        uint64_t through_b) {
    const NodeId main = heap.Thread("main");
    const NodeId a = heap.Call(main, "A", "/a.cc:1");
    const NodeId b = heap.Call(main, "B", "/b.cc:1");
    heap.Block(heap.Call(a, "Site", "/site.cc:1"), through_a);
    heap.Block(heap.Call(b, "Site", "/site.cc:1"), through_b);
  };
  HeapBuilder older, newer;
  build(older, 1000, 10);
  build(newer, 1001, 400);
  const HeapByStack older_heap = HeapOf(older), newer_heap = HeapOf(newer);
  const auto caller = [this](const HeapRow& row) {
    return *stacks_.Frame(stacks_.Frames(row.heaviest_stack)[1])
                .source.function;
  };
  EXPECT_EQ(caller(RowsByKey(newer_heap, &stacks_, options_).rows[0]), "A");
  EXPECT_EQ(
      caller(GrowthByKey(older_heap, newer_heap, &stacks_, options_).rows[0]),
      "B");
}

TEST_F(HeapRowsTest, SampledBlocksAreScaledAndSumToTheEstimate) {
  HeapBuilder heap;
  const NodeId main = heap.Thread("main");
  for (int i = 0; i < 7; ++i) {
    heap.Block(heap.Call(main, "f", "/f.cc:" + std::to_string(i + 1)), 100);
  }
  heap.Set(PropertyId::sample_mean_bytes, 1000);
  const HeapByStack by_stack = HeapOf(heap);
  const HeapRows rows = RowsByKey(by_stack, &stacks_, options_);
  // 7 * 100 / (1 - exp(-0.1)) = 7355.83
  EXPECT_EQ(rows.newer.live_bytes, 7356);
  int64_t sum = 0;
  for (const HeapRow& row : rows.rows) sum += row.newer.live_bytes;
  EXPECT_EQ(sum, 7356);
  EXPECT_EQ(by_stack.sample_mean_bytes, 1000u);
}

}  // namespace
}  // namespace heapline

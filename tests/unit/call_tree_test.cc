// The call tree: same stack, same node; any number of threads; no node lost
// while the index grows.
#include "preload/call_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "preload/thread_state.h"

namespace heapline {
namespace {

Frame Return(uint64_t address) {
  return {address, HL_NODE_RETURN_ADDRESS, 0};
}

class CallTreeTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(InitializeCallTree()); }
};

TEST_F(CallTreeTest, SpecialNodesHaveTheirEnumeratorAsId) {
  EXPECT_EQ(NodeAt(kUnsampledNode).address, uint64_t{HL_SPECIAL_UNSAMPLED});
  EXPECT_EQ(NodeAt(kDroppedNode).kind(), HL_NODE_SPECIAL);
  EXPECT_EQ(NodeAt(kDroppedNode).parent, kRootNode);
}

TEST_F(CallTreeTest, GivesTheSameNodeForTheSameStack) {
  const NodeId outer = ChildOf(nullptr, kRootNode, Return(0x1000));
  const NodeId inner = ChildOf(nullptr, outer, Return(0x2000));
  EXPECT_NE(outer, inner);
  EXPECT_EQ(ChildOf(nullptr, outer, Return(0x2000)), inner);
  EXPECT_EQ(NodeAt(inner).parent, outer);
  EXPECT_EQ(NodeAt(inner).address, 0x2000u);
}

TEST_F(CallTreeTest, TellsKindsAndGenerationsApart) {
  const NodeId plain = ChildOf(nullptr, kRootNode, Return(0x3000));
  const NodeId exact = ChildOf(nullptr, kRootNode,
                               {0x3000, HL_NODE_INSTRUCTION_POINTER, 0});
  const NodeId reloaded =
      ChildOf(nullptr, kRootNode, {0x3000, HL_NODE_RETURN_ADDRESS, 3});
  EXPECT_NE(plain, exact);
  EXPECT_NE(plain, reloaded);
  EXPECT_EQ(NodeAt(reloaded).generation(), 3u);
}

TEST_F(CallTreeTest, CacheOfAThreadChangesNothing) {
  const auto thread = std::make_unique<ThreadState>();
  std::mt19937_64 random(7);
  std::vector<NodeId> nodes = {kRootNode};
  for (int i = 0; i < 20000; ++i) {
    const NodeId parent = nodes[random() % nodes.size()];
    const Frame frame = Return(0x400000 + random() % 500);
    const NodeId cached = ChildOf(thread.get(), parent, frame);
    ASSERT_EQ(cached, ChildOf(nullptr, parent, frame));
    ASSERT_EQ(NodeAt(cached).parent, parent);
    ASSERT_EQ(NodeAt(cached).address, frame.address);
    if (nodes.size() < 2000) nodes.push_back(cached);
  }
}

TEST_F(CallTreeTest, FindsEveryNodeAgainAfterTheIndexGrew) {
  std::vector<NodeId> nodes;
  const NodeId before = NodeCount();
  for (uint64_t i = 0; i < 200000; ++i) {
    nodes.push_back(ChildOf(nullptr, kRootNode, Return(0x10000000 + i * 8)));
  }
  EXPECT_EQ(NodeCount() - before, 200000u);
  for (uint64_t i = 0; i < nodes.size(); ++i) {
    ASSERT_EQ(ChildOf(nullptr, kRootNode, Return(0x10000000 + i * 8)),
              nodes[i]);
  }
  EXPECT_EQ(NodeCount() - before, 200000u);
}

TEST_F(CallTreeTest, ThreadsBuildOneConsistentTree) {
  constexpr int kThreads = 4;
  std::vector<std::thread> threads;
  std::vector<std::map<std::pair<NodeId, uint64_t>, NodeId>> seen(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t, &seen] {
      const auto cache = std::make_unique<ThreadState>();
      std::mt19937_64 random(t / 2);  // pairs of threads race for the same
      for (int i = 0; i < 30000; ++i) {
        NodeId node = kRootNode;
        for (int depth = 0; depth < 6; ++depth) {
          const uint64_t address = 0x90000000 + random() % 12 * 16;
          const NodeId child = ChildOf(cache.get(), node, Return(address));
          seen[t][{node, address}] = child;
          node = child;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& children : seen) {
    for (const auto& [key, child] : children) {
      ASSERT_LT(key.first, child) << "a parent's id is smaller";
      ASSERT_EQ(NodeAt(child).parent, key.first);
      ASSERT_EQ(NodeAt(child).address, key.second);
    }
  }
}

TEST_F(CallTreeTest, CountersAddUpOverThreads) {
  const NodeId node = ChildOf(nullptr, kRootNode, Return(0xabcdef0));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([node] {
      for (int i = 0; i < 10000; ++i) AddToCounters(node, {1, 24, i % 2u});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const NodeCounters* counters = CountersAt(node);
  ASSERT_NE(counters, nullptr);
  EXPECT_EQ(counters->total_count, 40000u);
  EXPECT_EQ(counters->total_bytes, 960000u);
  EXPECT_EQ(counters->temporary_count, 20000u);
}

}  // namespace
}  // namespace heapline

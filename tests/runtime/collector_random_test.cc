// collector_random_test.cc: tens of thousands of random object graphs: what the
// collector frees is what a search from the roots does not find.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <utility>
#include <vector>

#include "samples/runtime/collector.h"
#include "samples/runtime/list.h"
#include "samples/runtime/weak_ref.h"
#include "tests/runtime/test_node.h"

namespace runtime {
namespace {

constexpr int kGraphs = 10000;

class RandomGraphs : public testing::TestWithParam<Heap> {
 protected:
  void TearDown() override { ASSERT_TRUE(TestNode::Alive().empty()); }

  RuntimeOptions Options(FinalizerMode mode) const {
    RuntimeOptions options;
    options.heap = GetParam();
    options.finalizers = mode;
    return options;
  }

  size_t Below(size_t limit) { return random_() % limit; }
  bool OneIn(size_t n) { return Below(n) == 0; }

  // Nodes that are all held, with edges at random: sparse to dense.
  std::vector<Ref<TestNode>> MakeGraph(
      const TestNode::Finalizer& finalizer = nullptr) {
    std::vector<Ref<TestNode>> nodes;
    const size_t count = 1 + Below(18);
    for (size_t i = 0; i < count; ++i)
      nodes.push_back(TestNode::Make(OneIn(3) ? finalizer : nullptr));
    const size_t edges = Below(2 * count + 2);
    for (size_t i = 0; i < edges; ++i)
      nodes[Below(count)]->edges.push_back(nodes[Below(count)]);
    return nodes;
  }

  // Lets go of most.
  void DropRoots(std::vector<Ref<TestNode>>* nodes) {
    const size_t one_in = 1 + Below(6);
    for (Ref<TestNode>& node : *nodes) {
      if (!OneIn(one_in)) node = nullptr;
    }
  }

  std::mt19937 random_{20240229};
};

// Finalizers may add to the vector meanwhile.
void LetGo(std::vector<Ref<TestNode>>* nodes) {
  std::vector<Ref<TestNode>>().swap(*nodes);
}

std::vector<Ref<TestNode>> Both(const std::vector<Ref<TestNode>>& a,
                                const std::vector<Ref<TestNode>>& b) {
  std::vector<Ref<TestNode>> both = a;
  both.insert(both.end(), b.begin(), b.end());
  return both;
}

TEST_P(RandomGraphs, WhatIsCollectedIsWhatCannotBeReached) {
  Runtime runtime(Options(FinalizerMode::kPep442));
  for (int graph = 0; graph < kGraphs; ++graph) {
    std::vector<Ref<TestNode>> nodes = MakeGraph();
    DropRoots(&nodes);
    const std::set<TestNode*> reachable = ReachableFrom(nodes);
    const size_t before = TestNode::Alive().size();
    const Collection done = runtime.collector().Collect();
    ASSERT_EQ(TestNode::Alive(), reachable) << "graph " << graph;
    ASSERT_EQ(done.collected, before - reachable.size());
    ASSERT_EQ(done.unreachable, done.collected);
    ASSERT_EQ(done.uncollectable + done.resurrected, 0u);
    nodes.clear();
    runtime.collector().Collect();
    ASSERT_TRUE(TestNode::Alive().empty());
  }
}

// Collections of any generation while graphs are made, joined and cut.
TEST_P(RandomGraphs, CollectionsInBetweenFreeNothingThatCanBeReached) {
  Runtime runtime(Options(FinalizerMode::kPep442));
  runtime.collector().SetThreshold({7, 3, 2});
  std::vector<Ref<TestNode>> roots;
  for (int step = 0; step < 4 * kGraphs; ++step) {
    if (roots.size() < 3 || OneIn(2)) roots.push_back(TestNode::Make());
    TestNode* const node = roots[Below(roots.size())];
    if (!OneIn(4)) node->edges.push_back(roots[Below(roots.size())]);
    if (OneIn(5) && !node->edges.empty())
      node->edges.erase(node->edges.begin() + Below(node->edges.size()));
    if (OneIn(2) || roots.size() > 40)
      roots.erase(roots.begin() + Below(roots.size()));
    if (OneIn(20)) runtime.collector().Collect(static_cast<int>(Below(3)));
    if (!OneIn(50)) continue;
    const std::set<TestNode*> reachable = ReachableFrom(roots);
    for (TestNode* one : reachable)
      ASSERT_EQ(TestNode::Alive().count(one), 1u) << "step " << step;
    runtime.collector().Collect();
    ASSERT_EQ(TestNode::Alive(), ReachableFrom(roots)) << "step " << step;
  }
  roots.clear();
  runtime.collector().Collect();
  EXPECT_GT(runtime.collector().GetStats()[0].collections, 100u);
}

TEST_P(RandomGraphs, FinalizersRunOnceAndMaySaveWhatTheyReach) {
  Runtime runtime(Options(FinalizerMode::kPep442));
  for (int graph = 0; graph < kGraphs; ++graph) {
    std::vector<Ref<TestNode>> saved;
    int finalizers_run = 0;
    const auto finalizer = [&](TestNode& node) {
      ++finalizers_run;
      ASSERT_EQ(node.finalized, 1);
      switch (Below(5)) {
        case 0:
          saved.push_back(&node);
          break;
        case 1:
          if (!node.edges.empty()) saved.push_back(node.edges.front());
          break;
        case 2: {
          const Ref<TestNode> garbage = TestNode::Make();
          garbage->edges.push_back(garbage);
          break;
        }
        default:
          break;
      }
    };
    std::vector<Ref<TestNode>> nodes = MakeGraph(finalizer);
    DropRoots(&nodes);
    runtime.collector().Collect();
    // What finalizers made is garbage of the next collection.
    runtime.collector().Collect();
    const std::set<TestNode*> reachable = ReachableFrom(Both(nodes, saved));
    ASSERT_EQ(TestNode::Alive(), reachable) << "graph " << graph;
    LetGo(&nodes);
    while (!TestNode::Alive().empty()) {
      LetGo(&saved);
      runtime.collector().Collect();
    }
  }
}

// Finalizers that change the graph as they like, garbage and not.
TEST_P(RandomGraphs, FinalizersMayChangeTheGraph) {
  Runtime runtime(Options(FinalizerMode::kPep442));
  uint64_t resurrected = 0;
  for (int graph = 0; graph < kGraphs; ++graph) {
    std::vector<Ref<TestNode>> nodes;
    std::vector<Ref<TestNode>> saved;
    const auto finalizer = [&](TestNode& node) {
      Ref<TestNode> taken;  // lets go of it when all else is done
      switch (Below(6)) {
        case 0:
          std::vector<Ref<TestNode>>().swap(node.edges);
          break;
        case 1:
          saved.push_back(&node);
          saved.back()->edges.push_back(TestNode::Make());
          break;
        case 2:
          if (!saved.empty()) taken = std::move(saved[Below(saved.size())]);
          break;
        case 3:
          if (!nodes.empty() && nodes[0] != nullptr)
            std::vector<Ref<TestNode>>().swap(nodes[0]->edges);
          break;
        case 4:
          runtime.collector().Collect();  // within one: nothing
          break;
        default:
          for (TestNode* one : ReachableFrom({&node})) {
            if (one->edges.empty()) continue;
            taken = std::move(one->edges.back());
            one->edges.pop_back();
            break;
          }
          break;
      }
    };
    nodes = MakeGraph(finalizer);
    DropRoots(&nodes);
    Collection done;
    do {
      done = runtime.collector().Collect();
      resurrected += done.resurrected;
    } while (done.unreachable > 0);
    ASSERT_EQ(TestNode::Alive(), ReachableFrom(Both(nodes, saved)))
        << "graph " << graph;
    LetGo(&nodes);
    while (!TestNode::Alive().empty()) {
      LetGo(&saved);
      runtime.collector().Collect();
    }
  }
  EXPECT_GT(resurrected, 100u);
}

TEST_P(RandomGraphs, LegacyModeKeepsFinalizersAndWhatTheyReach) {
  Runtime runtime(Options(FinalizerMode::kLegacy));
  List& garbage = runtime.collector().garbage();
  uint64_t kept = 0;
  for (int graph = 0; graph < kGraphs; ++graph) {
    std::vector<Ref<TestNode>> nodes = MakeGraph([](TestNode&) {});
    DropRoots(&nodes);
    const std::set<TestNode*> reachable = ReachableFrom(nodes);
    std::set<Object*> with_finalizers;
    std::vector<Ref<TestNode>> survivors = nodes;
    for (TestNode* node : TestNode::Alive()) {
      if (reachable.count(node) != 0 || !node->HasFinalizer()) continue;
      with_finalizers.insert(node);
      survivors.push_back(node);
    }
    const std::set<TestNode*> expected = ReachableFrom(survivors);
    survivors.clear();
    const Collection done = runtime.collector().Collect();
    ASSERT_EQ(TestNode::Alive(), expected) << "graph " << graph;
    ASSERT_EQ(done.uncollectable, expected.size() - reachable.size());
    std::set<Object*> in_garbage;
    for (size_t i = 0; i < garbage.size(); ++i)
      in_garbage.insert(garbage.Get(static_cast<int64_t>(i)));
    ASSERT_EQ(in_garbage, with_finalizers);
    kept += in_garbage.size();
    // The way out: break the cycles by hand.
    nodes.assign(TestNode::Alive().begin(), TestNode::Alive().end());
    garbage.Clear();
    for (TestNode* node : nodes) node->Clear();
    nodes.clear();
    ASSERT_TRUE(TestNode::Alive().empty());
  }
  EXPECT_GT(kept, 1000u);
}

TEST_P(RandomGraphs, WeakReferencesDieWithTheirObjects) {
  Runtime runtime(Options(FinalizerMode::kPep442));
  uint64_t lives_without = 0;
  for (int graph = 0; graph < kGraphs; ++graph) {
    std::vector<Ref<TestNode>> saved;
    const auto finalizer = [&](TestNode& node) {
      if (OneIn(3)) saved.push_back(&node);
    };
    std::vector<Ref<TestNode>> nodes = MakeGraph(finalizer);
    std::vector<std::pair<TestNode*, Ref<WeakRef>>> weak;
    for (const Ref<TestNode>& node : nodes) {
      for (size_t i = Below(3); i > 0; --i)
        weak.push_back({node, WeakRef::Make(node)});
    }
    DropRoots(&nodes);
    // Who was saved when his count fell to 0 keeps his weak references.
    const std::set<TestNode*> held = ReachableFrom(Both(nodes, saved));
    runtime.collector().Collect();
    for (const auto& [node, reference] : weak) {
      // Whom the collector found has lost them, even if he was saved.
      TestNode* const expected = held.count(node) != 0 ? node : nullptr;
      ASSERT_EQ(reference->Get(), expected) << "graph " << graph;
      if (expected == nullptr && TestNode::Alive().count(node) != 0)
        ++lives_without;
    }
    LetGo(&nodes);
    while (!TestNode::Alive().empty()) {
      LetGo(&saved);
      runtime.collector().Collect();
    }
  }
  EXPECT_GT(lives_without, 100u);
}

INSTANTIATE_TEST_SUITE_P(Heaps, RandomGraphs,
                         testing::Values(Heap::kMalloc, Heap::kPools),
                         [](const testing::TestParamInfo<Heap>& heap) {
                           return heap.param == Heap::kMalloc ? "Malloc"
                                                              : "Pools";
                         });

}  // namespace
}  // namespace runtime

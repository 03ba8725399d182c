// collector_test.cc: what a collection frees and what it spares. At random:
// collector_random_test.cc.
#include "samples/runtime/collector.h"

#include <gtest/gtest.h>

#include <vector>

#include "samples/runtime/dict.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "tests/runtime/collector_fixture.h"

namespace runtime {
namespace {

class CollectorTest : public CollectorFixture {};

TEST_F(CollectorTest, FindsACycleThatCountsKeep) {
  {
    const Ref<TestNode> a = TestNode::Make();
    const Ref<TestNode> b = TestNode::Make();
    a->edges.push_back(b);
    b->edges.push_back(a);
  }
  EXPECT_EQ(Alive(), 2u);
  const Collection done = collector_.Collect();
  EXPECT_EQ(done.collected, 2u);
  EXPECT_EQ(done.unreachable, 2u);
  EXPECT_EQ(done.generation, 2);
  EXPECT_EQ(Alive(), 0u);
  EXPECT_EQ(collector_.Collect().unreachable, 0u);
}

TEST_F(CollectorTest, FindsAnObjectThatHoldsItself) {
  SelfCycle();
  EXPECT_EQ(Alive(), 1u);
  EXPECT_EQ(collector_.Collect().collected, 1u);
}

TEST_F(CollectorTest, SparesWhatALiveObjectReaches) {
  const Ref<TestNode> root = TestNode::Make();
  root->edges.push_back(SelfCycle());
  root->edges.back()->edges.push_back(SelfCycle());
  EXPECT_EQ(collector_.Collect().unreachable, 0u);
  EXPECT_EQ(Alive(), 3u);
  root->Clear();
  EXPECT_EQ(collector_.Collect().collected, 2u);
}

TEST_F(CollectorTest, FreesWhatHangsOnACycle) {
  SelfCycle()->edges.push_back(TestNode::Make());
  EXPECT_EQ(collector_.Collect().collected, 2u);
}

TEST_F(CollectorTest, BuiltInContainersFormCyclesToo) {
  const size_t before = runtime_.live_objects();
  {
    const Ref<List> list = List::Make();
    const Ref<Dict> dict = Dict::Make();
    list->Append(dict);
    dict->Set(Int::Make(1), list);
  }
  EXPECT_EQ(runtime_.live_objects(), before + 2);
  EXPECT_EQ(collector_.Collect().collected, 2u);
  EXPECT_EQ(runtime_.live_objects(), before);
}

TEST_F(CollectorTest, ReferrersAndReferentsMirrorEachOther) {
  const Ref<TestNode> a = TestNode::Make();
  const Ref<TestNode> b = TestNode::Make();
  a->edges = {b, b};
  b->edges = {a};
  EXPECT_EQ(Collector::GetReferents(a), (std::vector<Object*>{b, b}));
  EXPECT_EQ(collector_.GetReferrers({b}), (std::vector<Container*>{a}));
  EXPECT_EQ(collector_.GetReferrers({a, b}), (std::vector<Container*>{a, b}));
  a->Clear();
}

TEST_F(CollectorTest, FinalizersRunOnceWithAllIntact) {
  int finalized = 0;
  const auto finalizer = [&](TestNode& node) {
    ++finalized;
    EXPECT_EQ(node.edges.size(), 1u);
    EXPECT_EQ(node.edges[0]->edges.size(), 1u);
  };
  {
    const Ref<TestNode> a = TestNode::Make(finalizer);
    const Ref<TestNode> b = TestNode::Make(finalizer);
    a->edges = {b};
    b->edges = {a};
  }
  EXPECT_EQ(collector_.Collect().collected, 2u);
  EXPECT_EQ(finalized, 2);
}

TEST_F(CollectorTest, AFinalizerMayResurrectOnce) {
  Ref<TestNode> saved;
  int finalized = 0;
  SelfCycle([&](TestNode& node) {
    ++finalized;
    saved = &node;
  })->edges.push_back(SelfCycle());
  Collection done = collector_.Collect();
  EXPECT_EQ(done.unreachable, 2u);
  EXPECT_EQ(done.resurrected, 2u);
  EXPECT_EQ(done.collected, 0u);
  EXPECT_EQ(Alive(), 2u);
  saved = nullptr;
  done = collector_.Collect();
  EXPECT_EQ(done.collected, 2u);
  EXPECT_EQ(finalized, 1);
}

TEST_F(CollectorTest, AFinalizerMayBreakTheCycleItself) {
  SelfCycle([](TestNode& node) { node.Clear(); });
  EXPECT_EQ(collector_.Collect().collected, 1u);
  EXPECT_EQ(Alive(), 0u);
}

TEST_F(CollectorTest, ACollectionWithinACollectionDoesNothing) {
  SelfCycle([this](TestNode&) {
    SelfCycle();
    EXPECT_EQ(collector_.Collect().examined, 0u);
    EXPECT_EQ(Alive(), 2u);
  });
  EXPECT_EQ(collector_.Collect().collected, 1u);
  EXPECT_EQ(collector_.Collect().collected, 1u);
}

// Deaths within deaths wait for their turn, with count 0, while the finalizer
// of another collects.
TEST_F(CollectorTest, ACollectionMayComeInTheMiddleOfAChainsDeath) {
  int collections = 0;
  const TestNode::Finalizer finalizer = [&](TestNode&) {
    SelfCycle();
    collector_.Collect();
    ++collections;
  };
  Ref<TestNode> head;
  for (int i = 0; i < 400; ++i) {
    const Ref<TestNode> next = TestNode::Make(i % 7 == 0 ? finalizer : nullptr);
    next->edges = {head, SelfCycle(), head};
    head = next;
  }
  head = nullptr;
  EXPECT_GT(collections, 50);
  collector_.Collect();
  EXPECT_EQ(Alive(), 0u);
}

TEST_F(CollectorTest, ALongCycleTakesNoStack) {
  {
    const Ref<TestNode> first = TestNode::Make();
    Ref<TestNode> last = first;
    for (int i = 0; i < 200000; ++i) {
      const Ref<TestNode> next = TestNode::Make();
      next->edges.push_back(last);
      last = next;
    }
    first->edges.push_back(last);
  }
  EXPECT_EQ(collector_.Collect().collected, 200001u);
}

}  // namespace
}  // namespace runtime

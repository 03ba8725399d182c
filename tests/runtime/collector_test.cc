// collector_test.cc: what a collection does, when one is made, what it tells.
// That it frees the right objects: collector_random_test.cc.
#include "samples/runtime/collector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "samples/runtime/dict.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "tests/runtime/runtime_fixture.h"
#include "tests/runtime/test_node.h"

namespace runtime {
namespace {

Ref<TestNode> SelfCycle(const TestNode::Finalizer& finalizer = nullptr) {
  Ref<TestNode> node = TestNode::Make(finalizer);
  node->edges.push_back(node);
  return node;
}

class CollectorTest : public RuntimeFixture {
 protected:
  CollectorTest() {
    collector_.Collect();
    collector_.SetDebugOutput(
        [this](const std::string& line) { lines_.push_back(line); });
  }

  // A collection must not begin by itself where a test counts.
  void Off() { collector_.Disable(); }

  size_t Alive() const { return TestNode::Alive().size(); }

  // "TestNode" or "list" instead of addresses, "…s" instead of times.
  static std::string WithoutNumbersOf(std::string line, const std::string& from,
                                      const std::string& to) {
    const size_t start = line.find(from);
    if (start == std::string::npos) return line;
    const size_t end = line.find(to, start + from.size());
    return line.replace(start + from.size(), end - start - from.size(), "…");
  }

  Collector& collector_ = runtime_.collector();
  std::vector<std::string> lines_;
};

TEST_F(CollectorTest, FindsACycleThatCountsKeep) {
  Off();
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
  Off();
  SelfCycle();
  EXPECT_EQ(Alive(), 1u);
  EXPECT_EQ(collector_.Collect().collected, 1u);
}

TEST_F(CollectorTest, SparesWhatALiveObjectReaches) {
  Off();
  const Ref<TestNode> root = TestNode::Make();
  root->edges.push_back(SelfCycle());
  root->edges.back()->edges.push_back(SelfCycle());
  EXPECT_EQ(collector_.Collect().unreachable, 0u);
  EXPECT_EQ(Alive(), 3u);
  root->Clear();
  EXPECT_EQ(collector_.Collect().collected, 2u);
}

TEST_F(CollectorTest, FreesWhatHangsOnACycle) {
  Off();
  SelfCycle()->edges.push_back(TestNode::Make());
  EXPECT_EQ(collector_.Collect().collected, 2u);
}

TEST_F(CollectorTest, BuiltInContainersFormCyclesToo) {
  Off();
  const size_t before = LiveObjects();
  {
    const Ref<List> list = List::Make();
    const Ref<Dict> dict = Dict::Make();
    list->Append(dict);
    dict->Set(Int::Make(1), list);
  }
  EXPECT_EQ(LiveObjects(), before + 2);
  EXPECT_EQ(collector_.Collect().collected, 2u);
  EXPECT_EQ(LiveObjects(), before);
}

TEST_F(CollectorTest, SurvivorsMoveUpAGeneration) {
  Off();
  const Ref<TestNode> node = TestNode::Make();
  EXPECT_EQ(node->generation(), 0);
  collector_.Collect(0);
  EXPECT_EQ(node->generation(), 1);
  collector_.Collect(0);
  EXPECT_EQ(node->generation(), 1);
  collector_.Collect(1);
  EXPECT_EQ(node->generation(), 2);
  collector_.Collect(2);
  EXPECT_EQ(node->generation(), 2);
}

TEST_F(CollectorTest, AYoungCollectionLooksAtYoungObjectsOnly) {
  Off();
  Ref<TestNode> old = SelfCycle();
  collector_.Collect(0);
  old = nullptr;
  const Ref<TestNode> young = TestNode::Make();
  EXPECT_EQ(collector_.Collect(0).examined, 1u);
  EXPECT_EQ(Alive(), 2u);
  EXPECT_EQ(collector_.Collect(1).collected, 1u);
}

TEST_F(CollectorTest, AnOldObjectHoldsAYoungOne) {
  Off();
  const Ref<TestNode> old = TestNode::Make();
  collector_.Collect(1);
  old->edges.push_back(SelfCycle());
  EXPECT_EQ(collector_.Collect(0).unreachable, 0u);
  EXPECT_EQ(Alive(), 2u);
}

TEST_F(CollectorTest, CountsAllocationsLessDeallocations) {
  Off();
  EXPECT_EQ(collector_.GetCount(), (Collector::Triple{0, 0, 0}));
  {
    const Ref<TestNode> a = TestNode::Make();
    const Ref<TestNode> b = TestNode::Make();
    EXPECT_EQ(collector_.GetCount()[0], 2u);
  }
  EXPECT_EQ(collector_.GetCount()[0], 0u);
  const Ref<TestNode> c = TestNode::Make();
  collector_.Collect(0);
  EXPECT_EQ(collector_.GetCount(), (Collector::Triple{0, 1, 0}));
  collector_.Collect(1);
  EXPECT_EQ(collector_.GetCount(), (Collector::Triple{0, 0, 1}));
  collector_.Collect(2);
  EXPECT_EQ(collector_.GetCount(), (Collector::Triple{0, 0, 0}));
}

TEST_F(CollectorTest, CollectsWhenAThresholdIsExceeded) {
  EXPECT_EQ(collector_.GetThreshold(), (Collector::Triple{700, 10, 10}));
  std::vector<int> generations;
  collector_.SetThreshold({100, 3, 2});
  collector_.SetCallback(
      [&](const Collection& done) { generations.push_back(done.generation); });
  std::vector<Ref<TestNode>> kept;
  for (int i = 0; i < 101 * 9; ++i) kept.push_back(TestNode::Make());
  // Each 101st: generation 0; with four of those behind, generation 1.
  EXPECT_EQ(generations, (std::vector<int>{0, 0, 0, 0, 1, 0, 0, 0, 0}));
  collector_.SetCallback(nullptr);
}

TEST_F(CollectorTest, AFullCollectionWaitsForAQuarterOfNewSurvivors) {
  std::vector<Ref<TestNode>> kept;
  collector_.Disable();
  for (int i = 0; i < 1000; ++i) kept.push_back(TestNode::Make());
  collector_.Collect();
  collector_.Enable();
  // Generation 2 is due each time; generation 1 with every second of 0.
  collector_.SetThreshold({10, 1, 0});
  uint64_t born_at_full = 0;
  collector_.SetCallback([&](const Collection& done) {
    if (done.generation == 2 && born_at_full == 0) born_at_full = kept.size();
  });
  while (born_at_full == 0 && kept.size() < 5000)
    kept.push_back(TestNode::Make());
  collector_.SetCallback(nullptr);
  EXPECT_GE(born_at_full, 1250u);
  EXPECT_LT(born_at_full, 1350u);
}

TEST_F(CollectorTest, ThresholdNoneOrDisableTurnsItOff) {
  uint64_t collections = 0;
  collector_.SetCallback([&](const Collection&) { ++collections; });
  collector_.SetThreshold({0, 10, 10});
  for (int i = 0; i < 1000; ++i) SelfCycle();
  collector_.SetThreshold({10, 10, 10});
  collector_.Disable();
  EXPECT_FALSE(collector_.is_enabled());
  for (int i = 0; i < 1000; ++i) SelfCycle();
  EXPECT_EQ(collections, 0u);
  EXPECT_EQ(Alive(), 2000u);
  collector_.Enable();
  SelfCycle();
  EXPECT_EQ(collections, 1u);
  EXPECT_LT(Alive(), 2u);
  collector_.SetCallback(nullptr);
}

TEST_F(CollectorTest, StatsSumUpByGeneration) {
  Off();
  const GenerationStats before = collector_.GetStats()[1];
  SelfCycle();
  SelfCycle();
  collector_.Collect(1);
  const GenerationStats& after = collector_.GetStats()[1];
  EXPECT_EQ(after.collections, before.collections + 1);
  EXPECT_EQ(after.collected, before.collected + 2);
  EXPECT_EQ(after.uncollectable, before.uncollectable);
}

TEST_F(CollectorTest, AnUnknownGenerationIsAnError) {
  EXPECT_EQ(ErrorOf([&] { collector_.Collect(3); }),
            "ValueError: invalid generation");
  EXPECT_EQ(ErrorOf([&] { collector_.Collect(-1); }),
            "ValueError: invalid generation");
}

TEST_F(CollectorTest, ReferrersAndReferentsMirrorEachOther) {
  Off();
  const Ref<TestNode> a = TestNode::Make();
  const Ref<TestNode> b = TestNode::Make();
  a->edges = {b, b};
  b->edges = {a};
  EXPECT_EQ(Collector::GetReferents(a), (std::vector<Object*>{b, b}));
  EXPECT_EQ(collector_.GetReferrers({b}), (std::vector<Container*>{a}));
  EXPECT_EQ(collector_.GetReferrers({a, b}), (std::vector<Container*>{a, b}));
  a->Clear();
}

TEST_F(CollectorTest, ListsObjectsByGeneration) {
  Off();
  const Ref<TestNode> old = TestNode::Make();
  collector_.Collect(0);
  const Ref<TestNode> young = TestNode::Make();
  EXPECT_EQ(collector_.GetObjects(0), (std::vector<Container*>{young}));
  const std::vector<Container*> of_1 = collector_.GetObjects(1);
  EXPECT_NE(std::find(of_1.begin(), of_1.end(), old.get()), of_1.end());
  EXPECT_EQ(collector_.GetObjects().size(),
            1 + of_1.size() + collector_.GetObjects(2).size());
}

TEST_F(CollectorTest, FrozenObjectsAreLeftAlone) {
  Off();
  Ref<TestNode> node = SelfCycle();
  collector_.Freeze();
  EXPECT_EQ(node->generation(), kPermanent);
  EXPECT_GT(collector_.GetFreezeCount(), 0u);
  EXPECT_TRUE(collector_.GetObjects().empty());
  node = nullptr;
  EXPECT_EQ(collector_.Collect().examined, 0u);
  collector_.Unfreeze();
  EXPECT_EQ(collector_.GetFreezeCount(), 0u);
  EXPECT_EQ(collector_.Collect().collected, 1u);
}

TEST_F(CollectorTest, AFrozenObjectDiesByItsCount) {
  Off();
  Ref<TestNode> node = TestNode::Make();
  collector_.Freeze();
  const size_t frozen = collector_.GetFreezeCount();
  node = nullptr;
  EXPECT_EQ(collector_.GetFreezeCount(), frozen - 1);
  collector_.Unfreeze();
}

TEST_F(CollectorTest, FinalizersRunOnceWithAllIntact) {
  Off();
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
  Off();
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
  Off();
  SelfCycle([](TestNode& node) { node.Clear(); });
  EXPECT_EQ(collector_.Collect().collected, 1u);
  EXPECT_EQ(Alive(), 0u);
}

TEST_F(CollectorTest, ACollectionWithinACollectionDoesNothing) {
  Off();
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
  Off();
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
  Off();
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

TEST_F(CollectorTest, TellsWhatGcTells) {
  Off();
  const size_t in_2 = collector_.GetObjects(2).size();
  collector_.SetDebug(kDebugStats | kDebugCollectable);
  EXPECT_EQ(collector_.GetDebug(), kDebugStats | kDebugCollectable);
  SelfCycle();
  const std::string node =
      WithoutNumbersOf("gc: collectable <TestNode 0x>", " 0x", ">");
  collector_.Collect();
  ASSERT_EQ(lines_.size(), 5u);
  EXPECT_EQ(lines_[0], "gc: collecting generation 2...");
  EXPECT_EQ(lines_[1],
            "gc: objects in each generation: 1 0 " + std::to_string(in_2));
  EXPECT_EQ(lines_[2], "gc: objects in permanent generation: 0");
  EXPECT_EQ(WithoutNumbersOf(lines_[3], " 0x", ">"), node);
  EXPECT_EQ(WithoutNumbersOf(lines_[4], "uncollectable, ", "s elapsed"),
            "gc: done, 1 unreachable, 0 uncollectable, …s elapsed");
  collector_.SetDebug(0);
  SelfCycle();
  collector_.Collect();
  EXPECT_EQ(lines_.size(), 5u);
}

TEST_F(CollectorTest, TellsTheSameAsJson) {
  Off();
  const size_t in_2 = collector_.GetObjects(2).size();
  collector_.SetDebug(kDebugStats | kDebugCollectable, DebugForm::kJsonLines);
  SelfCycle();
  collector_.Collect();
  collector_.SetDebug(0);
  ASSERT_EQ(lines_.size(), 3u);
  EXPECT_EQ(lines_[0],
            "{\"event\": \"start\", \"generation\": 2, \"objects\": [1, 0, " +
                std::to_string(in_2) + "], \"permanent_objects\": 0}");
  EXPECT_EQ(WithoutNumbersOf(lines_[1], "\"0x", "\""),
            "{\"event\": \"collectable\", \"type\": \"TestNode\", \"address\": "
            "\"0x…\", \"bytes\": " +
                std::to_string(sizeof(TestNode)) + "}");
  EXPECT_EQ(WithoutNumbersOf(lines_[2], "\"pause_ns\": ", "}"),
            "{\"event\": \"done\", \"generation\": 2, \"unreachable\": 1, "
            "\"uncollectable\": 0, \"resurrected\": 0, \"pause_ns\": …}");
}

TEST_F(CollectorTest, DebugLinesGoToStandardErrorUnlessTold) {
  Off();
  collector_.SetDebugOutput(nullptr);
  collector_.SetDebug(kDebugStats);
  testing::internal::CaptureStderr();
  collector_.Collect(0);
  collector_.SetDebug(0);
  EXPECT_EQ(
      testing::internal::GetCapturedStderr().rfind("gc: collecting generation "
                                                   "0...\n",
                                                   0),
      0u);
}

TEST(LegacyCollector, KeepsACycleWithAFinalizer) {
  RuntimeOptions options;
  options.finalizers = FinalizerMode::kLegacy;
  Runtime runtime(options);
  Collector& collector = runtime.collector();
  std::vector<std::string> lines;
  collector.SetDebugOutput(
      [&](const std::string& line) { lines.push_back(line); });
  collector.SetDebug(kDebugUncollectable);
  int finalized = 0;
  {
    const Ref<TestNode> with = SelfCycle([&](TestNode&) { ++finalized; });
    with->edges.push_back(SelfCycle());
  }
  SelfCycle();
  const Collection done = collector.Collect();
  EXPECT_EQ(done.unreachable, 3u);
  EXPECT_EQ(done.uncollectable, 2u);
  EXPECT_EQ(done.collected, 1u);
  EXPECT_EQ(finalized, 0);
  EXPECT_EQ(lines.size(), 2u);
  // Only who has a finalizer is garbage; the other hangs on it.
  ASSERT_EQ(collector.garbage().size(), 1u);
  EXPECT_EQ(collector.Collect().unreachable, 0u);
  // Broken by hand, counting frees them.
  static_cast<TestNode*>(collector.garbage().Get(0))->Clear();
  collector.garbage().Clear();
  EXPECT_EQ(finalized, 1);
  EXPECT_EQ(collector.Collect().collected, 1u);
  EXPECT_TRUE(TestNode::Alive().empty());
}

TEST(SavingCollector, KeepsAllGarbage) {
  Runtime runtime;
  Collector& collector = runtime.collector();
  collector.SetDebug(kDebugSaveAll);
  SelfCycle();
  EXPECT_EQ(collector.Collect().collected, 1u);
  EXPECT_EQ(TestNode::Alive().size(), 1u);
  ASSERT_EQ(collector.garbage().size(), 1u);
  EXPECT_EQ(collector.garbage().Get(0), *TestNode::Alive().begin());
  collector.SetDebug(0);
  collector.garbage().Clear();
  EXPECT_EQ(collector.Collect().collected, 1u);
}

TEST(RuntimeEnd, FreesWhatWasSaved) {
  {
    Runtime runtime;
    runtime.collector().SetDebug(kDebugSaveAll);
    SelfCycle();
    runtime.collector().Collect();
    runtime.globals().Set("cycle", SelfCycle());
  }
  EXPECT_TRUE(TestNode::Alive().empty());
}

}  // namespace
}  // namespace runtime

// collector_generations_test.cc: which objects a collection looks at, and when
// one is made.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "samples/runtime/collector.h"
#include "tests/runtime/collector_fixture.h"

namespace runtime {
namespace {

class GenerationsTest : public CollectorFixture {};

TEST_F(GenerationsTest, SurvivorsMoveUpAGeneration) {
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

TEST_F(GenerationsTest, AYoungCollectionLooksAtYoungObjectsOnly) {
  Ref<TestNode> old = SelfCycle();
  collector_.Collect(0);
  old = nullptr;
  const Ref<TestNode> young = TestNode::Make();
  EXPECT_EQ(collector_.Collect(0).examined, 1u);
  EXPECT_EQ(Alive(), 2u);
  EXPECT_EQ(collector_.Collect(1).collected, 1u);
}

TEST_F(GenerationsTest, AnOldObjectHoldsAYoungOne) {
  const Ref<TestNode> old = TestNode::Make();
  collector_.Collect(1);
  old->edges.push_back(SelfCycle());
  EXPECT_EQ(collector_.Collect(0).unreachable, 0u);
  EXPECT_EQ(Alive(), 2u);
}

TEST_F(GenerationsTest, CountsAllocationsLessDeallocations) {
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

TEST_F(GenerationsTest, CollectsWhenAThresholdIsExceeded) {
  EXPECT_EQ(collector_.GetThreshold(), (Collector::Triple{700, 10, 10}));
  collector_.Enable();
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

TEST_F(GenerationsTest, AFullCollectionWaitsForAQuarterOfNewSurvivors) {
  std::vector<Ref<TestNode>> kept;
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

TEST_F(GenerationsTest, ThresholdNoneOrDisableTurnsItOff) {
  uint64_t collections = 0;
  collector_.SetCallback([&](const Collection&) { ++collections; });
  collector_.Enable();
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

TEST_F(GenerationsTest, StatsSumUpByGeneration) {
  const GenerationStats before = collector_.GetStats()[1];
  SelfCycle();
  SelfCycle();
  collector_.Collect(1);
  const GenerationStats& after = collector_.GetStats()[1];
  EXPECT_EQ(after.collections, before.collections + 1);
  EXPECT_EQ(after.collected, before.collected + 2);
  EXPECT_EQ(after.uncollectable, before.uncollectable);
}

TEST_F(GenerationsTest, AnUnknownGenerationIsAnError) {
  EXPECT_EQ(ErrorOf([&] { collector_.Collect(3); }),
            "ValueError: invalid generation");
  EXPECT_EQ(ErrorOf([&] { collector_.Collect(-1); }),
            "ValueError: invalid generation");
}

TEST_F(GenerationsTest, ListsObjectsByGeneration) {
  const Ref<TestNode> old = TestNode::Make();
  collector_.Collect(0);
  const Ref<TestNode> young = TestNode::Make();
  EXPECT_EQ(collector_.GetObjects(0), (std::vector<Container*>{young}));
  const std::vector<Container*> of_1 = collector_.GetObjects(1);
  EXPECT_NE(std::find(of_1.begin(), of_1.end(), old.get()), of_1.end());
  EXPECT_EQ(collector_.GetObjects().size(),
            1 + of_1.size() + collector_.GetObjects(2).size());
}

TEST_F(GenerationsTest, FrozenObjectsAreLeftAlone) {
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

TEST_F(GenerationsTest, AFrozenObjectDiesByItsCount) {
  Ref<TestNode> node = TestNode::Make();
  collector_.Freeze();
  const size_t frozen = collector_.GetFreezeCount();
  node = nullptr;
  EXPECT_EQ(collector_.GetFreezeCount(), frozen - 1);
  collector_.Unfreeze();
}

}  // namespace
}  // namespace runtime

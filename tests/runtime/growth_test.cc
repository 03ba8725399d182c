// growth_test.cc: types that grow, chains of holders, and thresholds tried.
#include "samples/runtime/growth.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/experiment.h"
#include "samples/runtime/list.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

class GrowthTest : public RuntimeFixture {
 protected:
  void TearDown() override {
    node_class_ = nullptr;
    RuntimeFixture::TearDown();
  }
  Ref<Instance> MakeNode() { return node_class_->New(); }

  Ref<Class> node_class_ = Class::Make("Node");
};

TEST_F(GrowthTest, CountsTrackedObjectsByType) {
  const uint64_t lists = CountByType()["list"];
  const Ref<List> list = List::Make();
  const Ref<Instance> node = MakeNode();
  EXPECT_EQ(CountByType()["list"], lists + 1);
  EXPECT_EQ(CountByType()["Node"], 1u);
  EXPECT_EQ(CountByType().count("int"), 0u);
}

TEST_F(GrowthTest, TellsWhatExceedsAllThatWas) {
  GrowthByType growth;
  std::vector<Ref<Instance>> nodes = {MakeNode()};
  growth.Look();
  EXPECT_TRUE(growth.Look().empty());
  for (int i = 0; i < 10; ++i) nodes.push_back(MakeNode());
  const Ref<List> list = List::Make();
  const std::vector<TypeGrowth> rows = growth.Look();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].type, "Node");
  EXPECT_EQ(rows[0].count, 11u);
  EXPECT_EQ(rows[0].growth, 10u);
  EXPECT_EQ(rows[1].type, "list");
  nodes.resize(4);
  EXPECT_TRUE(growth.Look().empty());
  // Up again, but not above what was.
  while (nodes.size() < 11) nodes.push_back(MakeNode());
  EXPECT_TRUE(growth.Look().empty());
  nodes.push_back(MakeNode());
  EXPECT_EQ(growth.Look()[0].growth, 1u);
}

TEST_F(GrowthTest, PrintsWhatObjgraphPrints) {
  EXPECT_EQ(ShowGrowth({{"Node", 12, 10}, {"function", 2200, 3}}),
            "Node           12       +10\n"
            "function     2200        +3\n");
}

TEST_F(GrowthTest, FindsTheShortestChain) {
  const Ref<Instance> node = MakeNode();
  const Ref<List> list = List::Make({node.get()});
  const Ref<Dict> near = Dict::Make();
  const Ref<Dict> far = Dict::Make();
  near->Set("list", list);
  far->Set("near", near);
  const auto is_dict = [](const Object& object) {
    return std::string(object.TypeName()) == "dict";
  };
  EXPECT_EQ(FindBackrefChain(node, is_dict),
            (std::vector<const Object*>{near, list, node}));
  EXPECT_EQ(FindBackrefChain(node, is_dict, 1),
            (std::vector<const Object*>{node}));
  EXPECT_EQ(FindBackrefChain(far, is_dict), (std::vector<const Object*>{far}));
  EXPECT_EQ(ChainText(FindBackrefChain(node, is_dict)), "dict -> list -> Node");
}

TEST_F(GrowthTest, FindsWhyAnObjectLives) {
  Instance* borrowed = nullptr;
  {
    const Ref<List> list = List::Make();
    const Ref<Instance> node = MakeNode();
    node->SetAttribute("self", node);
    list->Append(node);
    runtime_.globals().Set("nodes", list);
    borrowed = node;
  }
  const auto why_it_lives = [&] {
    return ChainText(FindBackrefChain(borrowed, &IsHeldFromOutside));
  };
  EXPECT_FALSE(IsHeldFromOutside(*borrowed));
  EXPECT_TRUE(IsHeldFromOutside(runtime_.globals()));
  EXPECT_EQ(why_it_lives(), "dict -> list -> Node");
  // Frozen holders hold too.
  runtime_.collector().Freeze();
  EXPECT_EQ(why_it_lives(), "dict -> list -> Node");
  runtime_.collector().Unfreeze();
  runtime_.globals().Delete("nodes");
}

TEST_F(GrowthTest, TellsHoldersAsText) {
  const Ref<Instance> node = MakeNode();
  const Ref<List> twice = List::Make({node.get(), node.get()});
  const Ref<Dict> dict = Dict::Make();
  dict->Set("twice", twice);
  EXPECT_EQ(Backrefs(node),
            "Node\n"
            "  held by list (2 references)\n"
            "    held by dict (1 reference)\n"
            "      held from outside (1 reference)\n"
            "    held from outside (1 reference)\n"
            "  held from outside (1 reference)\n");
  EXPECT_EQ(Backrefs(node, 1),
            "Node\n"
            "  held by list (2 references)\n"
            "  held from outside (1 reference)\n");
}

TEST_F(GrowthTest, TellsTheHoldersOfACycleOnce) {
  Instance* borrowed = nullptr;
  {
    const Ref<Instance> node = MakeNode();
    node->SetAttribute("self", node);
    borrowed = node;
  }
  EXPECT_EQ(Backrefs(borrowed, 9),
            "Node\n"
            "  held by dict (1 reference)\n"
            "    held by Node (1 reference), told above\n");
}

TEST_F(GrowthTest, TellsTenHoldersAtMost) {
  const Ref<Instance> node = MakeNode();
  std::vector<Ref<List>> holders;
  for (int i = 0; i < 13; ++i) holders.push_back(List::Make({node.get()}));
  const std::string text = Backrefs(node, 1);
  EXPECT_NE(text.find("  and 3 more\n"), std::string::npos) << text;
}

TEST_F(GrowthTest, HigherThresholdsCollectLessAndKeepMore) {
  ThresholdPlan plan;
  plan.cycles = 40000;
  const std::vector<ThresholdRow> rows = TryThresholds(plan);
  ASSERT_EQ(rows.size(), plan.thresholds.size());
  for (size_t i = 1; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].threshold, plan.thresholds[i]);
    EXPECT_LT(rows[i].collections, rows[i - 1].collections);
    EXPECT_GT(rows[i].peak_bytes, rows[i - 1].peak_bytes);
  }
  for (size_t i = 0; i + 1 < rows.size(); ++i) {
    EXPECT_GE(rows[i].max_pause_ns, rows[i].median_pause_ns);
    EXPECT_GT(rows[i].median_pause_ns, 0u);
    EXPECT_GE(rows[i].total_ns, rows[i].max_pause_ns);
  }
  EXPECT_EQ(rows.back().collections, 0u);
  EXPECT_EQ(rows.back().max_pause_ns, 0u);
  // 48 bytes a node: all of them wait.
  EXPECT_GE(rows.back().peak_bytes, 48 * plan.cycles);
}

TEST_F(GrowthTest, TheExperimentLeavesTheCollectorAsItWas) {
  Collector& collector = runtime_.collector();
  collector.SetThreshold({123, 4, 5});
  collector.Disable();
  int told = 0;
  collector.SetCallback([&](const Collection&) { ++told; });
  ThresholdPlan plan;
  plan.thresholds = {50};
  plan.cycles = 100;
  TryThresholds(plan);
  EXPECT_EQ(collector.GetThreshold(), (Collector::Triple{123, 4, 5}));
  EXPECT_FALSE(collector.is_enabled());
  told = 0;
  collector.Collect();
  EXPECT_EQ(told, 1);
  collector.SetCallback(nullptr);
}

}  // namespace
}  // namespace runtime

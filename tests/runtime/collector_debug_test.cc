// collector_debug_test.cc: what collections tell, and what they keep to be
// looked at.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "samples/runtime/collector.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/list.h"
#include "tests/runtime/collector_fixture.h"

namespace runtime {
namespace {

// With "…" for what stands between `from` and `to`: an address, a time.
std::string Without(std::string line, const std::string& from,
                    const std::string& to) {
  const size_t start = line.find(from);
  if (start == std::string::npos) return line;
  const size_t end = line.find(to, start + from.size());
  return line.replace(start + from.size(), end - start - from.size(), "…");
}

class CollectorDebugTest : public CollectorFixture {
 protected:
  CollectorDebugTest() {
    collector_.SetDebugOutput(
        [this](const std::string& line) { lines_.push_back(line); });
  }

  std::vector<std::string> lines_;
};

TEST_F(CollectorDebugTest, TellsWhatGcTells) {
  const size_t in_2 = collector_.GetObjects(2).size();
  collector_.SetDebug(kDebugStats | kDebugCollectable);
  EXPECT_EQ(collector_.GetDebug(), kDebugStats | kDebugCollectable);
  SelfCycle();
  const std::string node = Without("gc: collectable <TestNode 0x>", " 0x", ">");
  collector_.Collect();
  ASSERT_EQ(lines_.size(), 5u);
  EXPECT_EQ(lines_[0], "gc: collecting generation 2...");
  EXPECT_EQ(lines_[1],
            "gc: objects in each generation: 1 0 " + std::to_string(in_2));
  EXPECT_EQ(lines_[2], "gc: objects in permanent generation: 0");
  EXPECT_EQ(Without(lines_[3], " 0x", ">"), node);
  EXPECT_EQ(Without(lines_[4], "uncollectable, ", "s elapsed"),
            "gc: done, 1 unreachable, 0 uncollectable, …s elapsed");
  collector_.SetDebug(0);
  SelfCycle();
  collector_.Collect();
  EXPECT_EQ(lines_.size(), 5u);
}

TEST_F(CollectorDebugTest, TellsTheSameAsJson) {
  const size_t in_2 = collector_.GetObjects(2).size();
  collector_.SetDebug(kDebugStats | kDebugCollectable, DebugForm::kJsonLines);
  SelfCycle();
  collector_.Collect();
  collector_.SetDebug(0);
  ASSERT_EQ(lines_.size(), 3u);
  EXPECT_EQ(lines_[0],
            "{\"event\": \"start\", \"generation\": 2, \"objects\": [1, 0, " +
                std::to_string(in_2) + "], \"permanent_objects\": 0}");
  EXPECT_EQ(Without(lines_[1], "\"0x", "\""),
            "{\"event\": \"collectable\", \"type\": \"TestNode\", \"address\": "
            "\"0x…\", \"bytes\": " +
                std::to_string(sizeof(TestNode)) + "}");
  EXPECT_EQ(Without(lines_[2], "\"pause_ns\": ", "}"),
            "{\"event\": \"done\", \"generation\": 2, \"unreachable\": 1, "
            "\"uncollectable\": 0, \"resurrected\": 0, \"pause_ns\": …}");
}

TEST_F(CollectorDebugTest, DebugLinesGoToStandardErrorUnlessTold) {
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

// A pair of snapshots by hand, of which the traced one is wrong in each way
// that is counted.
#include "analyzer/report/graph_score.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/snapshot/text_form.h"
#include "analyzer/symbolize/symbolizer.h"

namespace heapline {
namespace {

// a, b, c hang on a root, w on another. d and e own each other and two blocks;
// i and j own each other; g is lost.
constexpr char kExact[] = R"(
block 0x1000 size=64   # a
block 0x1040 size=64   # b
block 0x1080 size=64   # c
block 0x10c0 size=64   # d
block 0x1100 size=64   # e
block 0x1140 size=32   # f, of e
block 0x1180 size=64   # g
block 0x11c0 size=64   # i
block 0x1200 size=64   # j
block 0x1240 size=32   # k, of e
block 0x1280 size=48   # w
root region 0 8 0x1000
root region 0 16 0x1280
edge 0x1000 +0x20 0x1040
edge 0x1040 +0x20 0x1080
edge 0x10c0 +0x20 0x1100
edge 0x1100 +0x20 0x10c0
edge 0x1100 +0x28 0x1140
edge 0x1100 +0x30 0x1240
edge 0x11c0 +0x20 0x1200
edge 0x1200 +0x20 0x11c0
weak-edge 0x1000 +0x28 0x1180
word 0x1000 0 module 0x400
word 0x1040 0 module 0x500
word 0x10c0 0 module 0x600
word 0x1180 0 module 0x700
type-name 0x400 "A"
type-name 0x500 "B"
type-name 0x600 "D"
type-name 0x700 "G"
)";

// It misses that b holds c, that e holds k and that j holds i; it takes c to
// hold itself, a stale word on the stack to hold g, and b for an X; g's type it
// does not know. That w is held by way of a block that the program has beside
// its objects is right.
constexpr char kTraced[] = R"(
block 0x1000 size=64
block 0x1040 size=64
block 0x1080 size=64
block 0x10c0 size=64
block 0x1100 size=64
block 0x1140 size=32
block 0x1180 size=64
block 0x11c0 size=64
block 0x1200 size=64
block 0x1240 size=32
block 0x1280 size=48
block 0x2000 size=99
root stack 7 8 0x1000
root stack 7 16 0x1180
root global 0 24 0x2000
edge 0x2000 +0 0x1280
edge 0x1000 +0x20 0x1040
edge 0x1080 +0x20 0x1080
edge 0x10c0 +0x20 0x1100
edge 0x1100 +0x20 0x10c0
edge 0x1100 +0x28 0x1140
edge 0x11c0 +0x20 0x1200
word 0x1000 0 module 0x400
word 0x1040 0 module 0x800
word 0x10c0 0 module 0x600
type-name 0x400 "A"
type-name 0x600 "D"
type-name 0x800 "X"
)";

class GraphScoreTest : public testing::Test {
 protected:
  std::unique_ptr<GraphSide> Side(const std::string& lines) {
    absl::StatusOr<Snapshot> snapshot = ParseTextForm(
        absl::StrCat("heapline-text 1\nproperty graph 1\nproperty complete 1\n"
                     "property exact 1\n",
                     lines),
        "by hand");
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    std::vector<StackId> stacks(snapshot->nodes.size(), kEmptyStack);
    absl::StatusOr<std::unique_ptr<GraphSide>> side =
        GraphSide::TryMake(*std::move(snapshot), ReportRequest(),
                           symbolizer_.get(), &stacks_, std::move(stacks));
    EXPECT_TRUE(side.ok()) << side.status();
    return *std::move(side);
  }

  std::unique_ptr<Symbolizer> symbolizer_ =
      Symbolizer::Create(SymbolizerOptions{});
  CallStacks stacks_{symbolizer_.get()};
};

void ExpectAccuracy(const Accuracy& accuracy, uint64_t shown_right,
                    uint64_t shown, uint64_t real_found, uint64_t real) {
  EXPECT_EQ(accuracy.shown_right, shown_right);
  EXPECT_EQ(accuracy.shown, shown);
  EXPECT_EQ(accuracy.real_found, real_found);
  EXPECT_EQ(accuracy.real, real);
}

TEST_F(GraphScoreTest, CountsWhatIsMissedAndWhatIsMadeUp) {
  const auto exact = Side(kExact), traced = Side(kTraced);
  const GraphScore score = ScoreOf(exact.get(), traced.get());
  {
    SCOPED_TRACE("cycles: d e, not c; i and j are missed");
    ExpectAccuracy(score.cycles, 2, 3, 2, 4);
  }
  {
    SCOPED_TRACE("direct: d e i, not c k; g and j are missed");
    ExpectAccuracy(score.direct_leaks, 3, 5, 3, 5);
  }
  {
    SCOPED_TRACE("indirect: f, not j; k is missed");
    ExpectAccuracy(score.indirect_leaks, 1, 2, 1, 2);
  }
  {
    SCOPED_TRACE("paths: a, a b, w, not g; c is missed");
    ExpectAccuracy(score.paths, 4, 5, 3, 4);
  }
  {
    SCOPED_TRACE("types: a d, not b; g's is missed");
    ExpectAccuracy(score.types, 2, 3, 2, 4);
  }
  EXPECT_DOUBLE_EQ(score.direct_leaks.Precision(), 0.6);
  EXPECT_DOUBLE_EQ(score.cycles.Recall(), 0.5);
}

TEST_F(GraphScoreTest, IsOneOfAGraphByItself) {
  // Of a pool whose blocks own each other, the first begins its container.
  constexpr char kPool[] = R"(
block 0x3000 size=256
pool-block 0x3000 size=64
pool-block 0x3040 size=64
edge 0x3000 +0x20 0x3040
edge 0x3040 +0x20 0x3000
)";
  for (const char* const pool : {"", kPool}) {
    SCOPED_TRACE(absl::StrCat("pool: ", pool));
    const auto exact = Side(absl::StrCat(kExact, pool));
    const GraphScore score = ScoreOf(exact.get(), exact.get());
    for (const ScoreRow& row : ScoreRows()) {
      SCOPED_TRACE(row.name);
      const Accuracy& accuracy = score.*row.accuracy;
      EXPECT_GT(accuracy.real, 0u);
      EXPECT_EQ(accuracy.Precision(), 1);
      EXPECT_EQ(accuracy.Recall(), 1);
    }
  }
}

TEST_F(GraphScoreTest, ACycleThatItsCountsProveToBeGarbageIsShown) {
  const std::string counts =
      "word 0x10c0 1 counts 1 0\nword 0x1100 1 counts 1 0\n";
  const auto exact = Side(absl::StrCat(kExact, counts));
  const auto held =
      Side(absl::StrCat(kTraced, counts, "root stack 7 32 0x10c0\n"));
  ExpectAccuracy(ScoreOf(exact.get(), held.get()).cycles, 2, 3, 2, 4);
  const auto unproven = Side(absl::StrCat(kTraced, "root stack 7 32 0x10c0\n"));
  ExpectAccuracy(ScoreOf(exact.get(), unproven.get()).cycles, 0, 1, 0, 4);
}

TEST_F(GraphScoreTest, ATypeOfWhatHasNoneIsWrong) {
  const auto exact = Side(kExact);
  const auto traced =
      Side(absl::StrCat(kTraced, "word 0x1080 0 module 0x800\n"));
  ExpectAccuracy(ScoreOf(exact.get(), traced.get()).types, 2, 4, 2, 4);
}

TEST_F(GraphScoreTest, ScoresAddUp) {
  const auto exact = Side(kExact), traced = Side(kTraced);
  GraphScore sum = ScoreOf(exact.get(), traced.get());
  sum += ScoreOf(exact.get(), exact.get());
  ExpectAccuracy(sum.cycles, 6, 7, 6, 8);
}

TEST_F(GraphScoreTest, SizesAreThoseOfTheGraph) {
  const auto exact = Side(kExact), traced = Side(kTraced);
  const ObjectSizes a = SizesOf(exact.get(), 0x1000);
  EXPECT_EQ(a.shallow_bytes, 64u);
  EXPECT_EQ(a.deep_bytes, 192u);
  EXPECT_EQ(a.retained_bytes, 192u);
  EXPECT_EQ(a.retained_count, 3u);
  EXPECT_EQ(SizesOf(traced.get(), 0x1000).deep_bytes, 128u);
  EXPECT_FALSE(SizesOf(traced.get(), 0x1000) == a);
  EXPECT_TRUE(SizesOf(exact.get(), 0x1008) == ObjectSizes());
}

}  // namespace
}  // namespace heapline

#include "analyzer/analysis/heap_series.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/heap_fixture.h"

namespace heapline {
namespace {

class HeapSeriesTest : public testing::Test {
 protected:
  // A snapshot that ends `epoch`; of each site blocks of 8 bytes, by the epoch
  // of their birth.
  using Births = std::map<std::string, std::vector<uint16_t>>;
  void Add(uint64_t epoch, const Births& births) {
    HeapBuilder builder;
    const NodeId main = builder.Thread("main");
    for (const auto& [site, epochs] : births) {
      const NodeId node = builder.Call(main, "f", site);
      for (const uint16_t born : epochs) builder.Block(node, 8, born);
    }
    builder.Set(PropertyId::epoch, epoch);
    Add(builder.Build());
  }
  void Add(const Snapshot& snapshot) {
    HeapByStack heap;
    const std::vector<StackId> stack_of =
        AddSnapshot(snapshot, &stacks_, &heap);
    series_.Add(snapshot, std::move(heap), stack_of);
  }
  // By key: "live/old/older" of each snapshot, in blocks; - where no snapshot
  // is so far back.
  std::map<std::string, std::vector<std::string>> Counts() {
    std::map<std::string, std::vector<std::string>> written;
    const SeriesRows rows = series_.Rows(&stacks_, options_);
    for (const HeapRow& row : rows.rows.rows) {
      const KeySeries& series = rows.Of(row);
      for (size_t i = 0; i < series.live.size(); ++i) {
        std::string text = std::to_string(series.live[i].count);
        EXPECT_EQ(series.live[i].bytes, 8 * series.live[i].count);
        for (const std::vector<SeriesPoint>& old : series.old) {
          const size_t first = series.live.size() - old.size();
          if (i < first) {
            text += "/-";
            continue;
          }
          EXPECT_EQ(old[i - first].bytes, 8 * old[i - first].count);
          text += "/" + std::to_string(old[i - first].count);
        }
        written[row.key.Full()].push_back(text);
      }
    }
    return written;
  }

  std::unique_ptr<Symbolizer> symbolizer_ =
      Symbolizer::Create(SymbolizerOptions{});
  CallStacks stacks_{symbolizer_.get()};
  HeapRowOptions options_;
  HeapSeries series_{{1, 2}};
};

using Points = std::vector<std::string>;

TEST_F(HeapSeriesTest, OldIsWhatWasLiveAtTheSnapshotBefore) {
  Add(2, {{"/a.cc:1", {1, 2}}});
  Add(5, {{"/a.cc:1", {1, 2, 3, 5}}});
  Add(6, {{"/a.cc:1", {1, 5, 6}}});
  EXPECT_EQ(Counts()["/a.cc:1"], (Points{"2/-/-", "4/2/-", "3/2/1"}));
}

TEST_F(HeapSeriesTest, KeysThatComeAndGoHaveAPointForEverySnapshot) {
  Add(1, {{"/gone.cc:1", {1}}});
  Add(2, {{"/between.cc:1", {2, 2}}});
  Add(3, {{"/new.cc:1", {3}}});
  EXPECT_EQ(Counts(), (std::map<std::string, Points>{
                          {"/gone.cc:1", {"1/-/-", "0/0/-", "0/0/0"}},
                          {"/between.cc:1", {"0/-/-", "2/0/-", "0/0/0"}},
                          {"/new.cc:1", {"0/-/-", "0/0/-", "1/0/0"}}}));
}

TEST_F(HeapSeriesTest, ARowsGrowthIsFromTheFirstToTheLast) {
  Add(1, {{"/a.cc:1", {1, 1, 1}}});
  Add(2, {{"/a.cc:1", {1, 1, 1, 2, 2, 2, 2}}});
  Add(3, {{"/a.cc:1", {1, 2, 2, 3, 3}}});
  const HeapRows rows = series_.Rows(&stacks_, options_).rows;
  ASSERT_EQ(rows.rows.size(), 1u);
  EXPECT_EQ(rows.rows[0].newer.live_count, 5);
  EXPECT_EQ(rows.rows[0].growth.live_count, 2);
  EXPECT_EQ(rows.rows[0].growth.live_bytes, 16);
  EXPECT_EQ(rows.newer, rows.rows[0].newer);
  EXPECT_EQ(rows.growth, rows.rows[0].growth);
}

TEST_F(HeapSeriesTest, RowsSumToEachSnapshotsTotal) {
  const std::vector<Births> series = {{{"/a.cc:1", {1}}, {"/b.cc:2", {1, 1}}},
                                      {{"/a.cc:1", {1, 2}}, {"/c.cc:3", {2}}}};
  uint64_t epoch = 0;
  for (const Births& births : series) Add(++epoch, births);
  const SeriesRows rows = series_.Rows(&stacks_, options_);
  std::vector<int64_t> live(series.size());
  for (const HeapRow& row : rows.rows.rows) {
    for (size_t i = 0; i < live.size(); ++i) {
      live[i] += rows.Of(row).live[i].count;
    }
  }
  EXPECT_EQ(live, (std::vector<int64_t>{3, 3}));
}

TEST_F(HeapSeriesTest, OldBlocksAreUnknownOnceEpochsHaveRunOut) {
  Add(UINT16_MAX, {{"/a.cc:1", {UINT16_MAX}}});
  EXPECT_TRUE(series_.TellsOld());
  Add(UINT16_MAX, {{"/a.cc:1", {UINT16_MAX, UINT16_MAX}}});
  EXPECT_FALSE(series_.TellsOld());
}

TEST_F(HeapSeriesTest, OldBlocksOfAnotherProcessAreUnknown) {
  for (const uint64_t pid : {1, 2}) {
    HeapBuilder builder;
    builder.Block(builder.Call(builder.Thread("main"), "f", "/a.cc:1"), 8);
    builder.Set(PropertyId::pid, pid);
    Add(builder.Build());
  }
  EXPECT_FALSE(series_.TellsOld());
  EXPECT_EQ(Counts()["/a.cc:1"], (Points{"1", "1"}));
}

TEST_F(HeapSeriesTest, OldBlocksOfSampledSnapshotsAreUnknown) {
  HeapBuilder builder;
  builder.Block(builder.Call(builder.Thread("main"), "f", "/a.cc:1"), 8);
  builder.Set(PropertyId::sample_mean_bytes, 512);
  Add(builder.Build());
  EXPECT_FALSE(series_.TellsOld());
}

}  // namespace
}  // namespace heapline

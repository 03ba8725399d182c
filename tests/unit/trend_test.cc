// What is called growing, and what is not.
#include "analyzer/analysis/trend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "../bench/trend_populations.h"
#include "analyzer/analysis/trend_shape.h"

namespace heapline {
namespace {

Trend TrendOf(const Series& series) {
  return TrendsOf(absl::MakeConstSpan(&series, 1), TrendOptions())[0];
}

Series Plain(std::vector<double> values) { return {std::move(values), {}}; }

std::vector<double> Line(size_t count, double slope = 1) {
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = 1000 + slope * static_cast<double>(i);
  }
  return values;
}

void ExpectNoNan(const Trend& trend) {
  for (const double value :
       {trend.p_value, trend.adjusted_p_value, trend.slope.estimate,
        trend.slope.lower, trend.slope.upper}) {
    EXPECT_TRUE(std::isfinite(value));
  }
  EXPECT_GE(trend.p_value, 0);
  EXPECT_LE(trend.p_value, 1);
  EXPECT_GE(trend.adjusted_p_value, trend.p_value);
}

// The best proof of n snapshots: n - 1 rises, of which three do not count.
TEST(TrendTest, TooShortSeriesProveNothing) {
  for (size_t count = 0; count < 11; ++count) {
    const Trend trend = TrendOf(Plain(Line(count)));
    EXPECT_EQ(trend.verdict, TrendVerdict::kFlat) << count;
    ExpectNoNan(trend);
  }
  EXPECT_EQ(TrendOf(Plain(Line(11))).verdict, TrendVerdict::kGrowing);
  EXPECT_NEAR(TrendOf(Plain(Line(11))).p_value, std::pow(2, -7), 1e-12);
}

TEST(TrendTest, EachSeriesAskedIsPaidFor) {
  for (const size_t count : {12u, 13u}) {
    SeriesBuilder builder(count);
    for (size_t t = 0; t < count; ++t) {
      for (size_t birth = 0; birth <= t; ++birth) builder.Add(t, birth, 1);
    }
    const Trend trend = TrendOf(builder.series());
    EXPECT_NEAR(trend.p_value,
                3 * std::pow(2, 4.0 - static_cast<double>(count)), 1e-12);
    EXPECT_EQ(trend.verdict,
              count < 13 ? TrendVerdict::kFlat : TrendVerdict::kGrowing);
  }
}

TEST(TrendTest, ConstantSeriesAreFlat) {
  for (const double value : {0.0, 1.0, std::pow(2, 61)}) {
    for (const size_t count : {2u, 13u, 50u, 1500u}) {
      const Trend trend = TrendOf(Plain(std::vector<double>(count, value)));
      EXPECT_EQ(trend.verdict, TrendVerdict::kFlat);
      EXPECT_EQ(trend.p_value, 1);
      EXPECT_EQ(trend.slope.estimate, 0);
      ExpectNoNan(trend);
    }
  }
}

TEST(TrendTest, LinesGrowAndFallWithTheirSlope) {
  const Trend growing = TrendOf(Plain(Line(30, 7)));
  EXPECT_EQ(growing.verdict, TrendVerdict::kGrowing);
  EXPECT_NEAR(growing.slope.estimate, 7, 1e-9);
  EXPECT_EQ(growing.warm_up_steps, 0u);
  const Trend falling = TrendOf(Plain(Line(30, -7)));
  EXPECT_EQ(falling.verdict, TrendVerdict::kFalling);
  EXPECT_NEAR(falling.slope.estimate, -7, 1e-9);
  EXPECT_EQ(falling.p_value, growing.p_value);
}

TEST(TrendTest, ReversalTurnsGrowingIntoFalling) {
  for (int index = 0; index < 50; ++index) {
    Random random(static_cast<uint64_t>(index) + 1);
    std::vector<double> values = Line(40, 30);
    for (double& value : values) value += random.Whole(-40, 40);
    EXPECT_EQ(TrendOf(Plain(values)).verdict, TrendVerdict::kGrowing);
    std::reverse(values.begin(), values.end());
    EXPECT_EQ(TrendOf(Plain(values)).verdict, TrendVerdict::kFalling);
  }
}

TEST(TrendTest, ShiftAndScaleDoNotMatter) {
  for (const PopulationKind& kind : PopulationKinds()) {
    for (int index = 0; index < 4; ++index) {
      const Series series = MadeSeries(kind, 36, 5, index);
      Series other = series;
      // By powers of two and whole numbers: nothing is rounded.
      for (double& value : other.values) value = 4 * (value + 1024);
      for (std::vector<double>& aged : other.aged) {
        for (double& value : aged) value = 4 * (value + 512);
      }
      const Trend a = TrendOf(series);
      const Trend b = TrendOf(other);
      EXPECT_EQ(a.verdict, b.verdict) << kind.name;
      EXPECT_EQ(a.p_value, b.p_value) << kind.name;
      EXPECT_EQ(a.warm_up_steps, b.warm_up_steps) << kind.name;
      EXPECT_NEAR(4 * a.slope.estimate, b.slope.estimate, 1e-6) << kind.name;
      ExpectNoNan(a);
    }
  }
}

TEST(TrendTest, AgedBlocksShowALeakThatNoiseHides) {
  SeriesBuilder builder(40);
  Random random(9);
  for (size_t t = 0; t < 40; ++t) {
    builder.Add(t, t, random.Whole(150, 250));
    for (size_t birth = 0; birth <= t; ++birth) builder.Add(t, birth, 1);
  }
  const Trend trend = TrendOf(builder.series());
  EXPECT_EQ(trend.verdict, TrendVerdict::kGrowing);
  EXPECT_EQ(trend.age_of_evidence, 1u);
  EXPECT_NEAR(trend.slope.estimate, 1, 1e-9);
  EXPECT_EQ(TrendOf(Plain(builder.series().values)).verdict,
            TrendVerdict::kFlat);
}

TEST(TrendTest, TheBuilderCountsWhatIsOldEnough) {
  SeriesBuilder builder(12);  // ages 1 and 3
  EXPECT_EQ(AgesToCount(12), (std::vector<size_t>{1, 3}));
  for (size_t t = 4; t < 12; ++t) builder.Add(t, 4, 10);
  builder.Add(11, 11, 5);
  const Series& series = builder.series();
  EXPECT_EQ(series.values,
            (std::vector<double>{0, 0, 0, 0, 10, 10, 10, 10, 10, 10, 10, 15}));
  EXPECT_EQ(series.aged[0],
            (std::vector<double>{0, 0, 0, 0, 10, 10, 10, 10, 10, 10, 10}));
  EXPECT_EQ(series.aged[1],
            (std::vector<double>{0, 0, 0, 0, 10, 10, 10, 10, 10}));
  SeriesBuilder two(2);
  two.Add(1, 0, 1);
  EXPECT_TRUE(two.series().aged[1].empty());
  EXPECT_EQ(TrendOf(two.series()).verdict, TrendVerdict::kFlat);
}

TEST(TrendTest, BlocksThatOnlyGrowOldAreNotGrowth) {
  // 1000 entries at all times; ever fewer of them are new.
  Series series = Plain(std::vector<double>(40, 1000));
  for (const size_t age : AgesToCount(40)) {
    series.aged.push_back(Line(40 - age, 5));
  }
  EXPECT_EQ(TrendOf(series).verdict, TrendVerdict::kFlat);
  EXPECT_EQ(TrendOf(series).p_value, 1);
  series.values = Line(40, 5);
  EXPECT_EQ(TrendOf(series).verdict, TrendVerdict::kGrowing);
}

TEST(TrendTest, AFilledTableIsSaturatingNotGrowing) {
  std::vector<double> values(40);
  for (size_t t = 0; t < 40; ++t) {
    values[t] = 1e6 * (1 - std::exp(-static_cast<double>(t) / 6));
  }
  EXPECT_EQ(TrendOf(Plain(values)).verdict, TrendVerdict::kSaturating);
  for (size_t t = 0; t < 40; ++t) values[t] = t < 11 ? 5 : 5000;
  EXPECT_EQ(TrendOf(Plain(values)).verdict, TrendVerdict::kSaturating);
}

// Each row is refused for one reason alone.
TEST(TrendTest, WhatComesToAnEndDoesNotGoOn) {
  EXPECT_TRUE(GoesOn(Line(40)));
  EXPECT_FALSE(GoesOn(Line(5)));
  std::vector<double> stops = Line(40);
  for (size_t t = 30; t < 40; ++t) stops[t] = stops[30];
  EXPECT_FALSE(GoesOn(stops));
  std::vector<double> slows_down(40);
  for (size_t t = 0; t < 40; ++t) {
    slows_down[t] = -std::exp(-static_cast<double>(t) / 26);
  }
  EXPECT_FALSE(GoesOn(slows_down));
  std::vector<double> swings = Line(40);
  swings[20] -= 30;
  EXPECT_FALSE(GoesOn(swings));
  swings[20] += 20;
  EXPECT_TRUE(GoesOn(swings));
}

TEST(TrendTest, YoungerBlocksTellThatItIsOver) {
  Series series = Plain(Line(40));
  for (const size_t age : AgesToCount(40)) {
    series.aged.push_back(Line(40 - age));
  }
  EXPECT_EQ(TrendOf(series).verdict, TrendVerdict::kGrowing);
  for (size_t t = 20; t < 39; ++t) series.aged[0][t] = series.aged[0][20];
  EXPECT_EQ(TrendOf(series).verdict, TrendVerdict::kSaturating);
}

TEST(TrendTest, AWarmUpIsLeftOut) {
  std::vector<double> values = Line(40, 2);
  for (size_t t = 3; t < 40; ++t) values[t] += 10000;
  const Trend trend = TrendOf(Plain(values));
  EXPECT_EQ(trend.verdict, TrendVerdict::kGrowing);
  EXPECT_EQ(trend.warm_up_steps, 3u);
  EXPECT_NEAR(trend.slope.estimate, 2, 1e-9);
}

TEST(TrendTest, ThreeStepsAreNotGrowthButManyAre) {
  std::vector<double> values(42, 0);
  for (size_t t = 0; t < 42; ++t) values[t] = static_cast<double>(t / 11);
  EXPECT_NE(TrendOf(Plain(values)).verdict, TrendVerdict::kGrowing);
  for (size_t t = 0; t < 42; ++t) values[t] = static_cast<double>(t / 3);
  EXPECT_EQ(TrendOf(Plain(values)).verdict, TrendVerdict::kGrowing);
}

TEST(TrendTest, ManyKeysAskForMoreProof) {
  std::vector<double> varying(13, 4);
  for (size_t i = 0; i < varying.size(); i += 2) varying[i] = 5;
  std::vector<Series> keys(1000, Plain(varying));
  keys[7] = Plain(Line(13));
  const std::vector<Trend> trends = TrendsOf(keys, TrendOptions());
  EXPECT_NEAR(trends[7].p_value, std::pow(2, -9), 1e-12);
  EXPECT_EQ(trends[7].adjusted_p_value, 1);
  EXPECT_EQ(trends[7].verdict, TrendVerdict::kFlat);
  varying.resize(25, 4);
  keys.assign(1000, Plain(varying));
  keys[7] = Plain(Line(25));
  EXPECT_EQ(TrendsOf(keys, TrendOptions())[7].verdict, TrendVerdict::kGrowing);
}

TEST(TrendTest, KeysThatNeverChangeAskForNone) {
  std::vector<Series> keys(1000, Plain(std::vector<double>(13, 4)));
  keys[7] = Plain(Line(13));
  const std::vector<Trend> trends = TrendsOf(keys, TrendOptions());
  EXPECT_EQ(trends[7].adjusted_p_value, trends[7].p_value);
  EXPECT_EQ(trends[7].verdict, TrendVerdict::kGrowing);
  EXPECT_EQ(trends[8].adjusted_p_value, 1);
}

TEST(TrendTest, LongSeriesAreThinnedAndKeepTheirSlope) {
  for (const size_t count : {1000u, 1001u, 2500u}) {
    const Trend trend = TrendOf(Plain(Line(count, 3)));
    EXPECT_EQ(trend.verdict, TrendVerdict::kGrowing);
    EXPECT_NEAR(trend.slope.estimate, 3, 0.01) << count;
  }
}

TEST(TrendTest, FalseAlarmsStayWithinTheRate) {
  constexpr int kSeries = 200;
  // More than 7 of 200 at a rate of 0.01 have a probability of 0.001.
  constexpr int kMostFalseAlarms = 7;
  for (const PopulationKind& kind : PopulationKinds()) {
    if (kind.truth == Truth::kGrows) continue;
    for (const int snapshots : {15, 40}) {
      int alarms = 0;
      for (int i = 0; i < kSeries; ++i) {
        const Trend trend = TrendOf(MadeSeries(kind, snapshots, 77, i));
        if (trend.verdict == TrendVerdict::kGrowing) ++alarms;
      }
      EXPECT_LE(alarms, kMostFalseAlarms) << kind.name << " " << snapshots;
    }
  }
}

TEST(TrendTest, LeaksAreFoundWithinFortyRounds) {
  for (const PopulationKind& kind : PopulationKinds()) {
    const std::string name = kind.name;
    if (kind.truth == Truth::kDoesNotGrow ||
        name.find("a round, +-50") == std::string::npos) {
      continue;
    }
    int found = 0;
    for (int i = 0; i < 50; ++i) {
      const Trend trend = TrendOf(MadeSeries(kind, 40, 78, i));
      if (trend.verdict == TrendVerdict::kGrowing) ++found;
    }
    EXPECT_EQ(found, 50) << name;
  }
}

}  // namespace
}  // namespace heapline

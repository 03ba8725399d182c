// The statistics under trend.h against brute force, published tables and cases
// worked by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "../bench/trend_populations.h"
#include "analyzer/analysis/rank_test.h"
#include "analyzer/analysis/robust_slope.h"

namespace heapline {
namespace {

int ScoreByHand(const std::vector<double>& values) {
  int s = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (values[i] > values[j]) ++s;
      if (values[i] < values[j]) --s;
    }
  }
  return s;
}

std::vector<double> Line(size_t count, double slope = 1) {
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = slope * static_cast<double>(i);
  }
  return values;
}

// What all orders of some values give.
struct AllOrders {
  double p_value = 0;
  double variance = 0;
};

AllOrders OrdersOf(std::vector<double> values) {
  const int s = ScoreByHand(values);
  // Indices keep equal values apart, so that each order counts once.
  std::vector<size_t> order(values.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  double count = 0;
  double as_high = 0;
  double squares = 0;
  do {
    std::vector<double> ordered;
    for (const size_t i : order) ordered.push_back(values[i]);
    const int other = ScoreByHand(ordered);
    ++count;
    if (other >= s) ++as_high;
    squares += other * other;
  } while (std::next_permutation(order.begin(), order.end()));
  return {as_high / count, squares / count};
}

TEST(TrendRankTest, KendallsPValueIsTheShareOfAllOrders) {
  const std::vector<std::vector<double>> rows = {{1, 2},
                                                 {2, 1},
                                                 {1, 1},
                                                 {1, 2, 3},
                                                 {3, 1, 2},
                                                 {1, 1, 2},
                                                 {2, 2, 1, 1},
                                                 {0, 0, 0, 1, 1},
                                                 {1, 3, 2, 5, 4},
                                                 {5, 1, 1, 5, 9, 9},
                                                 {1, 2, 2, 2, 3},
                                                 {0, 1, 0, 2, 1, 3, 3},
                                                 {-4, -4, -4},
                                                 {7, 6, 5, 4, 3, 2, 1},
                                                 {1, 2, 4, 3, 6, 5, 7}};
  for (const std::vector<double>& values : rows) {
    const AllOrders truth = OrdersOf(values);
    SCOPED_TRACE(testing::PrintToString(values));
    EXPECT_NEAR(MannKendallPValue(values), truth.p_value, 1e-12);
    EXPECT_EQ(KendallScoreOf(values).s, ScoreByHand(values));
    EXPECT_NEAR(KendallScoreOf(values).variance, truth.variance, 1e-9);
  }
}

TEST(TrendRankTest, KendallsPValueIsThatOfTheTables) {
  // Kendall's table for ten ranks: P(S >= 21) = 0.036, P(S >= 27) = 0.0083.
  std::vector<double> values = Line(10);
  std::vector<double> p_by_swaps;
  for (int swaps = 0; swaps <= 12; ++swaps) {
    p_by_swaps.push_back(MannKendallPValue(values));
    // One inversion more: S falls by 2.
    for (size_t i = 1; i < values.size(); ++i) {
      if (values[i] > values[i - 1]) {
        std::swap(values[i], values[i - 1]);
        break;
      }
    }
  }
  EXPECT_NEAR(p_by_swaps[0], 1 / 3628800.0, 1e-12);
  EXPECT_NEAR(p_by_swaps[12], 0.036, 0.0005);
  EXPECT_NEAR(p_by_swaps[9], 0.0083, 0.00005);
}

TEST(TrendRankTest, ExactDistributionsAreSymmetricAndSumToOne) {
  for (const std::vector<double>& values :
       {Line(12), std::vector<double>{1, 1, 1, 2, 2, 5, 5, 5, 5, 6}}) {
    const std::vector<double> exact = ExactKendallDistribution(values);
    double sum = 0;
    for (size_t i = 0; i < exact.size(); ++i) {
      sum += exact[i];
      EXPECT_NEAR(exact[i], exact[exact.size() - 1 - i], 1e-15);
    }
    EXPECT_NEAR(sum, 1, 1e-12);
  }
}

TEST(TrendRankTest, TheNormalApproximationIsNearTheExactOne) {
  std::vector<double> values = Line(kExactKendallValues);
  for (size_t i = 1; i < values.size(); i += 2) {
    std::swap(values[i], values[i - 1]);
    const KendallScore score = KendallScoreOf(values);
    const double exact = MannKendallPValue(values);
    const double normal = NormalKendallPValue(score.s, score.variance);
    EXPECT_GE(normal, exact);  // in the tail: lighter than the normal one
    EXPECT_LT(normal, 0.01);
  }
  EXPECT_EQ(NormalKendallPValue(0, 0), 1);
  EXPECT_GT(MannKendallPValue(Line(500)), 0);
}

TEST(TrendRankTest, SignTestIsTheBinomialTail) {
  EXPECT_NEAR(SignTestPValue(3, 3), 1.0 / 8, 1e-12);
  EXPECT_NEAR(SignTestPValue(8, 10), (45 + 10 + 1) / 1024.0, 1e-12);
  EXPECT_EQ(SignTestPValue(0, 0), 1);
  EXPECT_EQ(SignTestPValue(0, 9), 1);
  EXPECT_GT(SignTestPValue(1000, 1000), 0);
}

TEST(TrendRankTest, StepsAllowedDoNotCount) {
  EXPECT_NEAR(MoreRisesThanSteps(Line(13), 3), std::pow(2, -9), 1e-12);
  EXPECT_EQ(MoreRisesThanSteps({0, 0, 5, 5, 9, 9, 100, 100}, 3), 1);
  EXPECT_NEAR(MoreRisesThanSteps({0, 1, 2, 3, 4, 3}, 3), 0.75, 1e-12);
  // Parts of three values, each rising with a probability of 1/6; the best
  // three of seven are left out.
  EXPECT_NEAR(MorePartsRiseThanSteps(Line(21), 3), std::pow(6, -4), 1e-12);
  EXPECT_NEAR(MorePartsRiseThanSteps(Line(21), 0), std::pow(6, -7), 1e-12);
  EXPECT_EQ(MorePartsRiseThanSteps(Line(11), 3), 1);  // three parts
  // Three steps in three parts, whatever their heights.
  std::vector<double> steps(35, 0);
  for (size_t i = 2; i < 35; ++i) steps[i] = 10;
  for (size_t i = 12; i < 35; ++i) steps[i] = 1e6;
  for (size_t i = 33; i < 35; ++i) steps[i] = 1e9;
  EXPECT_EQ(MorePartsRiseThanSteps(steps, 3), 1);
  EXPECT_NEAR(MorePartsRiseThanSteps(steps, 2), 1.0 / 10, 1e-12);
}

TEST(TrendRankTest, HolmsCorrectionIsThatWorkedByHand) {
  const std::vector<double> adjusted = HolmAdjusted({0.01, 0.04, 0.03, 0.005});
  const std::vector<double> by_hand = {0.03, 0.06, 0.06, 0.02};
  ASSERT_EQ(adjusted.size(), by_hand.size());
  for (size_t i = 0; i < by_hand.size(); ++i) {
    EXPECT_NEAR(adjusted[i], by_hand[i], 1e-12);
  }
  EXPECT_TRUE(HolmAdjusted({}).empty());
  EXPECT_EQ(HolmAdjusted({1, 0.9}), (std::vector<double>{1, 1}));
}

TEST(TrendRankTest, TheSlopeIsTheMedianOfAllPairs) {
  Random random(3);
  for (size_t count = 2; count < 30; ++count) {
    std::vector<double> values;
    for (size_t i = 0; i < count; ++i) values.push_back(random.Whole(0, 20));
    std::vector<double> slopes;
    for (size_t i = 0; i < count; ++i) {
      for (size_t j = 0; j < i; ++j) {
        slopes.push_back((values[i] - values[j]) / static_cast<double>(i - j));
      }
    }
    std::sort(slopes.begin(), slopes.end());
    const size_t half = slopes.size() / 2;
    const double median = slopes.size() % 2 == 1
                              ? slopes[half]
                              : (slopes[half - 1] + slopes[half]) / 2;
    const RobustSlope slope = TheilSenSlope(values, 0.9);
    EXPECT_NEAR(slope.estimate, median, 1e-12);
    EXPECT_LE(slope.lower, slope.estimate);
    EXPECT_GE(slope.upper, slope.estimate);
    EXPECT_GE(slope.lower, slopes.front());
    EXPECT_LE(slope.upper, slopes.back());
  }
  EXPECT_EQ(TheilSenSlope({}, 0.99).estimate, 0);
  EXPECT_EQ(TheilSenSlope({5}, 0.99).upper, 0);
}

TEST(TrendRankTest, SensIntervalIsThatWorkedByHand) {
  // Ten values: 45 slopes, variance of S 125, z = 1.959964 at 95 %: 10.9565
  // ranks beside the middle of 45, so the 11th and the 35th slope.
  const std::vector<double> values = {3, 1, 4, 1.5, 9, 2.6, 5, 3.5, 8, 9.7};
  std::vector<double> slopes;
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      slopes.push_back((values[i] - values[j]) / static_cast<double>(i - j));
    }
  }
  std::sort(slopes.begin(), slopes.end());
  const RobustSlope slope = TheilSenSlope(values, 0.95);
  EXPECT_EQ(slope.lower, slopes[10]);
  EXPECT_EQ(slope.upper, slopes[34]);
}

TEST(TrendRankTest, OutliersDoNotMoveTheSlope) {
  std::vector<double> values = Line(40, 3);
  for (const size_t at : {4u, 17u, 33u}) values[at] = 1e12;
  EXPECT_NEAR(TheilSenSlope(values, 0.99).estimate, 3, 1e-9);
}

TEST(TrendRankTest, TheIntervalHoldsTheSlopeAsOftenAsItSays) {
  Random random(11);
  int held = 0;
  constexpr int kSeries = 400;
  for (int i = 0; i < kSeries; ++i) {
    std::vector<double> values = Line(30, 0.5);
    for (double& value : values) value += 4 * random.Normal();
    const RobustSlope slope = TheilSenSlope(values, 0.9);
    if (slope.lower <= 0.5 && slope.upper >= 0.5) ++held;
  }
  // 0.9 within five standard errors.
  EXPECT_NEAR(held, 0.9 * kSeries, 5 * std::sqrt(kSeries * 0.09));
}

}  // namespace
}  // namespace heapline

// Estimates from samples: what a sampled block stands for, and rounding.
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <numeric>
#include <random>
#include <vector>

#include "analyzer/analysis/sampling.h"

namespace heapline {
namespace {

TEST(Estimate, ABlockStandsForTheInverseOfItsChance) {
  EXPECT_NEAR(BlocksStoodFor(1024, 1024), 1 / (1 - std::exp(-1.0)), 1e-12);
  EXPECT_NEAR(BlocksStoodFor(1, 1 << 20), (1 << 20) + 0.5, 1e-3);
  EXPECT_NEAR(BlocksStoodFor(1 << 30, 1024), 1, 1e-12);
  EXPECT_EQ(BlocksStoodFor(0, 1024), BlocksStoodFor(1, 1024));
}

TEST(Estimate, OfManySamplesComesNearTheTruth) {
  constexpr uint64_t kMean = 4096;
  constexpr uint64_t kSize = 256;
  constexpr int kBlocks = 400000;
  std::mt19937 random(7);
  std::bernoulli_distribution is_sampled(
      1 - std::exp(-double{kSize} / double{kMean}));
  double estimate = 0;
  for (int i = 0; i < kBlocks; ++i) {
    if (is_sampled(random)) estimate += BlocksStoodFor(kSize, kMean);
  }
  EXPECT_NEAR(estimate / kBlocks, 1, 0.03);
}

TEST(Estimate, RoundingKeepsTheTotalAndMovesNoValueByOne) {
  std::mt19937 random(11);
  std::uniform_real_distribution<double> value(0, 1000);
  for (size_t size = 0; size < 200; ++size) {
    std::vector<double> values(size);
    for (double& v : values) v = value(random);
    const std::vector<int64_t> rounded = RoundByLargestRemainder(values);
    ASSERT_EQ(rounded.size(), size);
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    EXPECT_EQ(std::accumulate(rounded.begin(), rounded.end(), int64_t{0}),
              std::llround(sum));
    for (size_t i = 0; i < size; ++i) {
      EXPECT_LT(std::abs(static_cast<double>(rounded[i]) - values[i]), 1);
    }
  }
}

TEST(Estimate, EqualRemaindersRoundUpTheFirst) {
  EXPECT_EQ(RoundByLargestRemainder({0.5, 0.5, 0.5, 0.5}),
            (std::vector<int64_t>{1, 1, 0, 0}));
  EXPECT_EQ(RoundByLargestRemainder({3, 2, 1}),
            (std::vector<int64_t>{3, 2, 1}));
}

TEST(Estimate, WhatNoHeapCanHoldIsCutOff) {
  constexpr int64_t kMost = int64_t{1} << 61;
  EXPECT_EQ(RoundByLargestRemainder({1e20, 7, 1e300}),
            (std::vector<int64_t>{kMost, 0, 0}));
  EXPECT_EQ(RoundByLargestRemainder({1, 1e20}),
            (std::vector<int64_t>{1, kMost - 1}));
}

}  // namespace
}  // namespace heapline

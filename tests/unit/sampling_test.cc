// The sampler's distribution: its mean, its tail, and that scaling by
// 1 / (1 - exp(-size/N)) gives the true totals back.
#include "preload/sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

namespace heapline {
namespace {

TEST(SamplingTest, LogarithmEqualsTheLibrarys) {
  for (double x = 1e-16; x <= 1.0; x *= 1.0009) {
    EXPECT_NEAR(LogOfUnit(x), std::log(x), 1e-6 * (1 + std::fabs(std::log(x))))
        << x;
  }
  EXPECT_NEAR(LogOfUnit(1.0), 0.0, 1e-9);
}

TEST(SamplingTest, DistancesAreExponential) {
  uint64_t random = 88172645463325252u;
  constexpr uint64_t kMean = 512 << 10;
  constexpr int kDraws = 400000;
  double sum = 0;
  int beyond_twice = 0;
  for (int i = 0; i < kDraws; ++i) {
    const int64_t distance = DrawSampleDistance(&random, kMean);
    ASSERT_GE(distance, 1);
    sum += static_cast<double>(distance);
    if (distance > static_cast<int64_t>(2 * kMean)) ++beyond_twice;
  }
  EXPECT_NEAR(sum / kDraws / kMean, 1.0, 0.01);
  EXPECT_NEAR(static_cast<double>(beyond_twice) / kDraws, std::exp(-2.0),
              0.003);
}

TEST(SamplingTest, ScaledSamplesEstimateTheTruth) {
  const auto thread = std::make_unique<ThreadState>();
  thread->random_state = 42;
  constexpr double kMean = 4096;
  double estimated_bytes = 0;
  double estimated_count = 0;
  double true_bytes = 0;
  double true_count = 0;
  for (uint64_t i = 0; i < 2000000; ++i) {
    const uint64_t bytes = 16 + (i * 7919) % 2000;
    true_bytes += static_cast<double>(bytes);
    true_count += 1;
    if (!IsSampled(thread.get(), bytes, 4096)) continue;
    const double weight =
        1 / (1 - std::exp(-static_cast<double>(bytes) / kMean));
    estimated_bytes += static_cast<double>(bytes) * weight;
    estimated_count += weight;
  }
  EXPECT_NEAR(estimated_bytes / true_bytes, 1.0, 0.01);
  EXPECT_NEAR(estimated_count / true_count, 1.0, 0.02);
}

}  // namespace
}  // namespace heapline

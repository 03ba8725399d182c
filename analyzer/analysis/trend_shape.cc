#include "analyzer/analysis/trend_shape.h"

#include <algorithm>

namespace heapline {
namespace {

constexpr double kWarmUpPace = 3;
constexpr double kLeastPace = 0.5;
constexpr double kLeastLateGain = 0.7;
constexpr double kMostFall = 0.5;
constexpr double kPaceOfAnEnd = 0.3;
constexpr size_t kFewestForAShape = 6;

double Mean(absl::Span<const double> values) {
  const double count = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value / count;
  return mean;
}

double GreatestFall(absl::Span<const double> values) {
  double highest = values[0];
  double greatest = 0;
  for (const double value : values) {
    highest = std::max(highest, value);
    greatest = std::max(greatest, highest - value);
  }
  return greatest;
}

// The whole rise and that of the last quarter. Both ends of each are means of a
// few values, so that one outlier at an end does not decide.
struct Rise {
  double whole = 0;
  double last_quarter = 0;
  double last_quarters_part = 0;  // of the steps: what a line would have
};

Rise RiseOf(absl::Span<const double> values) {
  const size_t width = std::max<size_t>(1, values.size() / 12);
  const size_t top = values.size() - width;
  const size_t quarter = (values.size() - 1) / 4;
  const auto level = [&](size_t at) { return Mean(values.subspan(at, width)); };
  return {level(top) - level(0), level(top) - level(top - quarter),
          static_cast<double>(quarter) / static_cast<double>(top)};
}

double PerStep(absl::Span<const double> values, size_t from, size_t to) {
  return (values[to] - values[from]) / static_cast<double>(to - from);
}

}  // namespace

size_t WarmUpSteps(absl::Span<const double> values) {
  if (values.size() < 5) return 0;
  const size_t last = values.size() - 1;
  const size_t longest = (last + 4) / 8;
  const double later = std::max(0.0, PerStep(values, longest, last));
  size_t steps = 0;
  while (steps < longest &&
         PerStep(values, steps, longest) > kWarmUpPace * later) {
    ++steps;
  }
  return steps;
}

bool GoesOn(absl::Span<const double> values) {
  if (values.size() < kFewestForAShape) return false;
  const Rise rise = RiseOf(values);
  if (rise.whole <= 0) return false;
  if (rise.last_quarter < kLeastPace * rise.last_quarters_part * rise.whole) {
    return false;
  }
  if (GreatestFall(values) > kMostFall * rise.whole) return false;
  const size_t third = values.size() / 3;
  const double first = Mean(values.subspan(0, third));
  const double middle =
      Mean(values.subspan((values.size() - third) / 2, third));
  const double last = Mean(values.subspan(values.size() - third));
  return last - middle >= kLeastLateGain * (middle - first);
}

bool CameToAnEnd(absl::Span<const double> values) {
  if (values.size() < kFewestForAShape) return false;
  const Rise rise = RiseOf(values);
  return rise.last_quarter <
         kPaceOfAnEnd * rise.last_quarters_part * rise.whole;
}

bool RoseClearOfNoise(absl::Span<const double> values) {
  if (values.size() < 4) return false;
  const size_t quarter = values.size() / 4;
  const size_t third = values.size() / 3;
  const double before =
      *std::max_element(values.begin(), values.begin() + quarter);
  const double after = *std::min_element(values.end() - quarter, values.end());
  const auto [low, high] =
      std::minmax_element(values.end() - third, values.end());
  return after - before > *high - *low;
}

}  // namespace heapline

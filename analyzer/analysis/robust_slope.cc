// Sen's interval over all pairs of a series.
#include "analyzer/analysis/robust_slope.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "analyzer/analysis/rank_test.h"

namespace heapline {
namespace {

// z with P(|Z| <= z) = confidence for a standard normal Z, by bisection: erfc
// is monotone and 60 halvings exhaust a double.
double NormalQuantile(double confidence) {
  double low = 0;
  double high = 40;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    if (std::erfc(middle / std::sqrt(2.0)) > 1 - confidence) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return high;
}

}  // namespace

RobustSlope TheilSenSlope(absl::Span<const double> values, double confidence) {
  RobustSlope slope;
  if (values.size() < 2) return slope;
  std::vector<double> slopes;
  slopes.reserve(values.size() * (values.size() - 1) / 2);
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t j = i + 1; j < values.size(); ++j) {
      slopes.push_back((values[j] - values[i]) / static_cast<double>(j - i));
    }
  }
  const size_t count = slopes.size();
  const auto ranked = [&slopes](size_t rank) {
    const auto at = slopes.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(slopes.begin(), at, slopes.end());
    return *at;
  };
  slope.estimate = (ranked((count - 1) / 2) + ranked(count / 2)) / 2;
  const double half_width = NormalQuantile(confidence) *
                            std::sqrt(KendallScoreOf(values).variance) / 2;
  const double middle = static_cast<double>(count) / 2;
  const double below = std::floor(middle - half_width);
  const size_t left = below > 1 ? static_cast<size_t>(below) - 1 : 0;
  slope.lower = ranked(left);
  slope.upper = ranked(count - 1 - left);
  return slope;
}

}  // namespace heapline

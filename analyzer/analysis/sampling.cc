#include "analyzer/analysis/sampling.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace heapline {
namespace {

// As much as a snapshot's own totals may be (sections.h).
constexpr int64_t kMostInAll = int64_t{1} << 61;

}  // namespace

double BlocksStoodFor(uint64_t size, uint64_t mean_bytes) {
  const double mean = static_cast<double>(mean_bytes);
  const double bytes = static_cast<double>(std::max<uint64_t>(size, 1));
  return -1.0 / std::expm1(-bytes / mean);
}

std::vector<int64_t> RoundByLargestRemainder(
    const std::vector<double>& values) {
  std::vector<int64_t> rounded(values.size());
  std::vector<size_t> fractional;  // indices with something to round
  double exact_sum = 0;
  int64_t floor_sum = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double floor = std::floor(values[i]);
    const int64_t room = kMostInAll - floor_sum;
    rounded[i] = floor < static_cast<double>(room)
                     ? static_cast<int64_t>(floor)
                     : room;
    exact_sum += values[i];
    floor_sum += rounded[i];
    if (values[i] > floor) fractional.push_back(i);
  }
  exact_sum = std::min(exact_sum, static_cast<double>(kMostInAll));
  const int64_t missing = std::llround(exact_sum) - floor_sum;
  const size_t round_up = std::min(
      fractional.size(), static_cast<size_t>(std::max<int64_t>(missing, 0)));
  std::stable_sort(fractional.begin(), fractional.end(),
                   [&values](size_t a, size_t b) {
                     return values[a] - std::floor(values[a]) >
                            values[b] - std::floor(values[b]);
                   });
  for (size_t i = 0; i < round_up; ++i) ++rounded[fractional[i]];
  return rounded;
}

}  // namespace heapline

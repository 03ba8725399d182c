// robust_slope.h: the slope of a series by the median of its pairs' slopes
// (Theil 1950, Sen 1968). Three values in ten may be anything without moving it
// far. Values must not be NaN. Pure functions; thread-safe.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_ROBUST_SLOPE_H_
#define HEAPLINE_ANALYZER_ANALYSIS_ROBUST_SLOPE_H_

#include "absl/types/span.h"

namespace heapline {

// In units of the values per step. lower <= estimate <= upper.
struct RobustSlope {
  double estimate = 0;
  double lower = 0;
  double upper = 0;
};

// Sen's interval: the pairs' slopes whose ranks lie z * sqrt(variance of
// Kendall's S) / 2 beside the middle, ties counted in the variance; where there
// are too few pairs for the confidence, the least and the greatest slope, and
// the interval says less than it is asked for. All 0 for fewer than 2 values.
// O(n^2) time and memory. REQUIRES: 0 < confidence < 1.
RobustSlope TheilSenSlope(absl::Span<const double> values, double confidence);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_ROBUST_SLOPE_H_

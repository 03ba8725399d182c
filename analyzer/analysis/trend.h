// trend.h: which keys grow over a series of snapshots, proven, with a stated
// rate of false alarms. "Growing" is claimed only for growth that took place at
// more places than a few steps account for and that goes on at the end of the
// series. The plain values are asked, and the amounts of what is no longer
// young (trend_series.h), where a leak of one block a snapshot shows under
// noise that hides it in the values. Pure functions; thread-safe; no result is
// NaN.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_TREND_H_
#define HEAPLINE_ANALYZER_ANALYSIS_TREND_H_

#include <cstddef>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/analysis/robust_slope.h"
#include "analyzer/analysis/trend_series.h"

namespace heapline {

enum class TrendVerdict {
  kGrowing,     // proven to grow to the end of the series
  kSaturating,  // rose, clear of its noise, and came to an end: a cache that
                // filled, a table built once. A description, not a claim with
                // a stated rate of errors.
  kFlat,        // nothing is proven
  kFalling,     // what kGrowing says, of the negated values
};

struct TrendOptions {
  // The probability with which a report on any number of keys that do not grow
  // calls one growing, at most; the same for falling. In (0, 1).
  double false_alarm_rate = 0.01;
  // So many steps are no growth, however high: a table built once, a phase.
  // The more are allowed, the more snapshots a proof takes.
  size_t steps_allowed = 3;
};

struct Trend {
  TrendVerdict verdict = TrendVerdict::kFlat;

  // H0: the series has no trend as a whole (every order of its values is
  // equally likely), or none in its second half, or growth at no more than
  // `steps_allowed` places (rank_test.h says what a place is). The p-value is
  // the greatest of the three, valid for the three joined by "or" (the
  // intersection-union test, Berger 1982), times the number of series that were
  // asked: values, aged[0], aged[1] (Bonferroni). 1 where the shape refuses the
  // claim (trend_shape.h), or where old blocks become more but the values
  // provably do not: they only grow old. If falling: of the negated values.
  double p_value = 1;
  // For the number of keys that vary (Holm): a claim on a constant one cannot
  // be made, and given which ones vary the p-values are as valid as before.
  double adjusted_p_value = 1;

  // Per snapshot, of the series with the least p-value, without its warm-up.
  // The interval's confidence is 1 - false_alarm_rate; it supposes independent
  // noise and holds for this key alone.
  RobustSlope slope;
  // Which series that is: 0 for the plain values, else the age that was asked
  // for, in snapshots.
  size_t age_of_evidence = 0;
  // Snapshots left out at that series' start because they rose much faster.
  size_t warm_up_steps = 0;
};

// One result per series, in the order given; REQUIRES: they have equally many
// snapshots each. At 1 % and with 3 steps allowed, fewer than 11 snapshots
// prove nothing, nor fewer than 13 where aged series are asked too: of n - 1
// rises three do not count, and each other one halves the p-value.
// O(n^2) a series of n snapshots, and of 1000 where n is greater: neighbouring
// snapshots are then put together by their medians.
std::vector<Trend> TrendsOf(absl::Span<const Series> series,
                            const TrendOptions& options);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_TREND_H_

// rank_test.h: tests for a rise that ask only which of two values is greater,
// so that no distribution of the noise is assumed and no outlier counts for
// more than its rank. All are one-sided, for a rise: negate the values to ask
// for a fall. Every p-value is in (0, 1] and never too small: exact where that
// is cheap, and a normal approximation with continuity correction elsewhere.
// Values must not be NaN. Pure functions; thread-safe.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_RANK_TEST_H_
#define HEAPLINE_ANALYZER_ANALYSIS_RANK_TEST_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace heapline {

// Kendall's S of a series against time (Mann 1945, Kendall 1975): pairs that
// rise less pairs that fall. Under "every order of these values is equally
// likely" its mean is 0 and its variance, with t_i values tied in group i,
//   (n(n-1)(2n+5) - sum t_i(t_i-1)(2t_i+5)) / 18.
struct KendallScore {
  int64_t s = 0;
  double variance = 0;
};
// O(n^2).
KendallScore KendallScoreOf(absl::Span<const double> values);

// The exact distribution of S for these values under that hypothesis, ties
// included: probability[i] is that of S = 2 i - (probability.size() - 1). The
// number of inversions of a multiset's orders has the q-multinomial coefficient
// as its generating function (MacMahon 1915); S is untied pairs less twice that
// number. O(n^4) at worst.
std::vector<double> ExactKendallDistribution(absl::Span<const double> values);

// P(S >= s) by the normal approximation. 1 where the variance is 0.
double NormalKendallPValue(int64_t s, double variance);

// The test of Mann and Kendall. H0: every order of the values is equally
// likely. Exact up to kExactKendallValues values.
constexpr size_t kExactKendallValues = 16;
double MannKendallPValue(absl::Span<const double> values);

// P(X >= successes) for X binomial(trials, 1/2).
double SignTestPValue(size_t successes, size_t trials);

// Two tests of "the series rose at more than `steps` places", by partial
// conjunction (Benjamini and Heller 2008): a claim of growth at more than
// `steps` of K places needs a rejection by every K - steps of them, so the
// places that speak loudest do not count.
//
// By single increments. H0: all but at most `steps` increments are, whatever
// the other ones did, as likely a rise as a fall. Random walks are within H0.
double MoreRisesThanSteps(absl::Span<const double> values, size_t steps);

// By parts: the series is cut into kTrendParts neighbouring parts (fewer where
// that leaves fewer than 3 values a part) and S is taken within each, so that
// a step is seen by one part at most. H0: but for at most `steps` parts, every
// order of the values within a part is equally likely.
constexpr size_t kTrendParts = 7;
double MorePartsRiseThanSteps(absl::Span<const double> values, size_t steps);

// p-values corrected for their number (Holm 1979), in the order given: to
// reject where the result is <= a rejects one true hypothesis or more with a
// probability of at most a, whatever depends on what.
std::vector<double> HolmAdjusted(absl::Span<const double> p_values);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_RANK_TEST_H_

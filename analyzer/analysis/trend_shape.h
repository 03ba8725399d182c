// trend_shape.h: what the shape of a rise says that no test of "it rose" does:
// how much of it is warm-up, and whether it goes on at the end. These are
// thresholds, not tests: trend.cc uses them to refuse a claim, never to make
// one, so they only lower the rate of false alarms. tests/bench/trend_bench
// measures what they cost and spare. Pure functions; thread-safe.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_TREND_SHAPE_H_
#define HEAPLINE_ANALYZER_ANALYSIS_TREND_SHAPE_H_

#include <cstddef>

#include "absl/types/span.h"

namespace heapline {

// How many steps at the start to leave out so that the rest of the first eighth
// is at most three times as fast as what follows it. Leaving out more would
// hide a slowing down. 0 for fewer than 5 values.
size_t WarmUpSteps(absl::Span<const double> values);

// Whether the series rises, and
//  - is in its last quarter at least half as fast as all in all: it has not
//    come to an end,
//  - gains from the middle third to the last at least 0.7 of what it gains from
//    the first to the middle one: it does not approach a limit (an exponential
//    approach that is 90 % there after 0.6 of the series gains 0.28),
//  - never falls by more than half of the whole rise: it is no swing that was
//    caught on its way up.
// False for fewer than 6 values.
bool GoesOn(absl::Span<const double> values);

// Whether the last quarter is slower than 0.3 of the whole series: not merely
// not going on, as noise may have it, but over. False for fewer than 6 values.
bool CameToAnEnd(absl::Span<const double> values);

// Whether the last quarter lies above the first one, by more than the last
// third varies. False for fewer than 4 values.
bool RoseClearOfNoise(absl::Span<const double> values);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_TREND_SHAPE_H_

// interval_sweep.h: which interval each of many addresses lies in, for
// intervals that nest (units, functions, functions inlined into them). One
// pass over both in ascending order; overlaps that do not nest give one of
// the overlapping intervals, always the same. Pure functions.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_INTERVAL_SWEEP_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_INTERVAL_SWEEP_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace heapline {

struct Interval {
  uint64_t low = 0;  // [low, high)
  uint64_t high = 0;
  uint32_t depth = 0;  // of equal intervals the deeper one is the inner
  uint32_t value = 0;
};

constexpr uint32_t kNoValue = UINT32_MAX;

void SortIntervals(std::vector<Interval>* intervals);

// For each address the value of the innermost interval that contains it, or
// kNoValue. REQUIRES: `intervals` sorted by SortIntervals, `addresses`
// ascending.
std::vector<uint32_t> InnermostValues(absl::Span<const Interval> intervals,
                                      absl::Span<const uint64_t> addresses);

// True if an address lies in [low, high). REQUIRES: `addresses` ascending.
bool AnyAddressIn(absl::Span<const uint64_t> addresses, uint64_t low,
                  uint64_t high);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_INTERVAL_SWEEP_H_

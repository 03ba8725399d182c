#include "analyzer/symbolize/interval_sweep.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

namespace heapline {

void SortIntervals(std::vector<Interval>* intervals) {
  std::sort(intervals->begin(), intervals->end(),
            [](const Interval& a, const Interval& b) {
              return std::tie(a.low, b.high, a.depth, a.value) <
                     std::tie(b.low, a.high, b.depth, b.value);
            });
}

std::vector<uint32_t> InnermostValues(absl::Span<const Interval> intervals,
                                      absl::Span<const uint64_t> addresses) {
  std::vector<uint32_t> values;
  values.reserve(addresses.size());
  std::vector<const Interval*> open;  // begun before the address, outer first
  size_t next = 0;
  for (uint64_t address : addresses) {
    while (next < intervals.size() && intervals[next].low <= address) {
      if (intervals[next].high > address) open.push_back(&intervals[next]);
      ++next;
    }
    while (!open.empty() && open.back()->high <= address) open.pop_back();
    values.push_back(open.empty() ? kNoValue : open.back()->value);
  }
  return values;
}

bool AnyAddressIn(absl::Span<const uint64_t> addresses, uint64_t low,
                  uint64_t high) {
  auto first = std::lower_bound(addresses.begin(), addresses.end(), low);
  return first != addresses.end() && *first < high;
}

}  // namespace heapline

// range_set.h: address ranges that may overlap, merged, and what of another
// range they cover. Add all, then Seal, then ask: each question costs the
// logarithm of the number of ranges, and the ranges found. Not thread-safe
// until sealed.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_RANGE_SET_H_
#define HEAPLINE_ANALYZER_ANALYSIS_RANGE_SET_H_

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace heapline {

class RangeSet {
 public:
  // [start, end); empty where end <= start.
  void Add(uint64_t start, uint64_t end) {
    if (end > start) ranges_.emplace_back(start, end);
  }

  void Seal() {
    std::sort(ranges_.begin(), ranges_.end());
    size_t kept = 0;
    for (const auto& range : ranges_) {
      if (kept > 0 && range.first <= ranges_[kept - 1].second) {
        uint64_t* const end = &ranges_[kept - 1].second;
        *end = std::max(*end, range.second);
      } else {
        ranges_[kept++] = range;
      }
    }
    ranges_.resize(kept);
  }

  // Bytes of [start, end) that a range covers. REQUIRES: sealed.
  uint64_t BytesWithin(uint64_t start, uint64_t end) const {
    uint64_t bytes = 0;
    auto range = std::upper_bound(
        ranges_.begin(), ranges_.end(), start,
        [](uint64_t address, const auto& one) { return address < one.second; });
    for (; range != ranges_.end() && range->first < end; ++range) {
      bytes += std::min(end, range->second) - std::max(start, range->first);
    }
    return bytes;
  }

  // REQUIRES: sealed.
  bool Overlaps(uint64_t start, uint64_t end) const {
    const auto range = std::upper_bound(
        ranges_.begin(), ranges_.end(), start,
        [](uint64_t address, const auto& one) { return address < one.second; });
    return range != ranges_.end() && range->first < end;
  }

 private:
  std::vector<std::pair<uint64_t, uint64_t>> ranges_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_RANGE_SET_H_

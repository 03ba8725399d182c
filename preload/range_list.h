// range_list.h: a set of addresses as disjoint ranges: gathered in any order,
// then sorted, then asked. Grows in pages of its own. One owner.
#ifndef HEAPLINE_PRELOAD_RANGE_LIST_H_
#define HEAPLINE_PRELOAD_RANGE_LIST_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/growing_array.h"

namespace heapline {

struct Range {
  uintptr_t start;
  uintptr_t end;
  bool contains(uintptr_t address) const {
    return address - start < end - start;
  }
};

class RangeList {
 public:
  // Room for so many without mapping anything more. False: no memory.
  bool Reserve(size_t count) { return ranges_.Reserve(count); }
  // Empty ranges are left out.
  void Add(uintptr_t start, uintptr_t end);
  // Whether some range found no memory.
  bool lacks_memory() const { return ranges_.lacks_memory(); }

  // Sorts; joins what overlaps or touches. To be called before the questions.
  void Sort();
  size_t count() const { return ranges_.count(); }
  const Range& at(size_t index) const { return ranges_[index]; }
  bool Contains(uintptr_t address) const;

  // Calls visit(start, end) for each part of [start, end) that is in no range.
  template <typename Visit>
  void ForEachGap(uintptr_t start, uintptr_t end, Visit visit) const {
    for (size_t i = FirstEndingAfter(ranges_, start);
         i < count() && start < end; ++i) {
      if (ranges_[i].start >= end) break;
      if (ranges_[i].start > start) visit(start, ranges_[i].start);
      start = ranges_[i].end;
    }
    if (start < end) visit(start, end);
  }

 private:
  GrowingArray<Range> ranges_;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_RANGE_LIST_H_

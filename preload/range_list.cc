#include "preload/range_list.h"

namespace heapline {
namespace {

// Restores the heap order below `at`: no parent starts below its children.
void SiftDown(Range* ranges, size_t at, size_t count) {
  const Range moved = ranges[at];
  for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
    if (child + 1 < count && ranges[child + 1].start > ranges[child].start) {
      ++child;
    }
    if (ranges[child].start <= moved.start) break;
    ranges[at] = ranges[child];
    at = child;
  }
  ranges[at] = moved;
}

void HeapSort(Range* ranges, size_t count) {
  for (size_t i = count / 2; i-- > 0;) SiftDown(ranges, i, count);
  for (size_t last = count; last-- > 1;) {
    const Range largest = ranges[0];
    ranges[0] = ranges[last];
    ranges[last] = largest;
    SiftDown(ranges, 0, last);
  }
}

}  // namespace

void RangeList::Add(uintptr_t start, uintptr_t end) {
  if (start >= end) return;
  if (count() > 0 && ranges_[count() - 1].end == start) {
    ranges_[count() - 1].end = end;
    return;
  }
  ranges_.Append({start, end});
}

void RangeList::Sort() {
  if (count() == 0) return;
  HeapSort(&ranges_[0], count());
  size_t kept = 0;
  for (size_t i = 1; i < count(); ++i) {
    if (ranges_[i].start > ranges_[kept].end) {
      ranges_[++kept] = ranges_[i];
    } else if (ranges_[i].end > ranges_[kept].end) {
      ranges_[kept].end = ranges_[i].end;
    }
  }
  ranges_.CutTo(kept + 1);
}

bool RangeList::Contains(uintptr_t address) const {
  const size_t index = FirstEndingAfter(ranges_, address);
  return index < count() && ranges_[index].contains(address);
}

}  // namespace heapline

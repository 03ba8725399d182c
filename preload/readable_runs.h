// readable_runs.h: the parts of a range of addresses that the search for
// references may read, and need read: mapped readable, and ever written. A
// fault would end the snapshot's child, and a page that is still a hole holds
// nothing: it is told as read, and is not touched. One user at a time, best by
// ascending address.
#ifndef HEAPLINE_PRELOAD_READABLE_RUNS_H_
#define HEAPLINE_PRELOAD_READABLE_RUNS_H_

#include <stdint.h>

#include "preload/memory_map.h"
#include "preload/page_map.h"

namespace heapline {

class ReadableRuns {
 public:
  // `map` must outlive this.
  explicit ReadableRuns(const MemoryMap& map) : map_(map) {}

  // Calls visit(start, end) for each such part of [start, end), in order.
  // Returns the bytes that could not be read.
  template <typename Visit>
  uint64_t ForEach(uintptr_t start, uintptr_t end, Visit visit) {
    if (__builtin_expect(start >= run_.start && end <= run_.end, 1)) {
      visit(start, end);
      return 0;
    }
    uint64_t unreadable = 0;
    while (start < end) {
      const Run run = RunAt(start, end);
      const uintptr_t stop = run.end < end ? run.end : end;
      if (run.kind == RunKind::kData) visit(start, stop);
      if (run.kind == RunKind::kUnreadable) unreadable += stop - start;
      start = stop;
    }
    return unreadable;
  }

 private:
  enum class RunKind : uint8_t { kData, kHole, kUnreadable };
  struct Run {
    uintptr_t start;
    uintptr_t end;
    RunKind kind;
  };

  // From `address` on, all of one kind; ends after `address`. Nothing is asked
  // about what lies past `end` by more than a page map's window.
  Run RunAt(uintptr_t address, uintptr_t end);
  RunKind KindOfPage(const MapEntry& mapping, uintptr_t page);

  const MemoryMap& map_;
  PageMap pages_;
  size_t mapping_ = 0;                // where the last question was answered
  Run run_ = {0, 0, RunKind::kData};  // the last one of data
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_READABLE_RUNS_H_

#include "preload/readable_runs.h"

#include "heapline/snapshot_format.h"
#include "preload/pages.h"
#include "preload/readable_memory.h"

namespace heapline {
ReadableRuns::RunKind ReadableRuns::KindOfPage(const MapEntry& mapping,
                                               uintptr_t page) {
  const bool is_private = (mapping.flags & HL_MAPPING_PRIVATE) != 0;
  // Shared memory is not in our page table before it is touched.
  const PageState state =
      is_private ? pages_.StateAt(page, mapping.end) : PageState::kUnknown;
  switch (state) {
    case PageState::kPresent:
      return RunKind::kData;
    case PageState::kHole:
      return RunKind::kHole;
    case PageState::kUnknown:
    case PageState::kAway:
      break;
  }
  // A file may have been cut shorter, a page may be poisoned or a guard.
  return KernelCanRead(page) ? RunKind::kData : RunKind::kUnreadable;
}

ReadableRuns::Run ReadableRuns::RunAt(uintptr_t address, uintptr_t end) {
  const auto holds = [&](size_t index) {
    return index < map_.count() && map_.at(index).contains(address);
  };
  if (!holds(mapping_) && !holds(++mapping_)) {
    mapping_ = map_.FirstEndingAfter(address);
  }
  if (!holds(mapping_)) {
    const bool is_last = mapping_ >= map_.count();
    return {address, is_last ? end : map_.at(mapping_).start,
            RunKind::kUnreadable};
  }
  const MapEntry& mapping = map_.at(mapping_);
  if (!mapping.is_readable()) {
    return {address, mapping.end, RunKind::kUnreadable};
  }
  const uintptr_t first = address & ~uintptr_t{kPageBytes - 1};
  // Far enough that small blocks are seldom asked about. Shared memory is asked
  // about page by page, so that nothing more than is wanted.
  constexpr uintptr_t kReach = uintptr_t{2} << 20;
  const uintptr_t reach =
      (mapping.flags & HL_MAPPING_PRIVATE) != 0 ? kReach : 0;
  uintptr_t stop = end - first > reach ? end : first + reach;
  if (stop > mapping.end) stop = mapping.end;
  const RunKind kind = KindOfPage(mapping, first);
  uintptr_t page = first + kPageBytes;
  while (page < stop && KindOfPage(mapping, page) == kind) page += kPageBytes;
  const Run run = {first, page < mapping.end ? page : mapping.end, kind};
  if (kind == RunKind::kData) run_ = run;
  return run;
}

}  // namespace heapline

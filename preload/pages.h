// pages.h: where all memory of the shim comes from: anonymous private
// mappings, counted, under max_memory. Nothing in preload/ reaches malloc.
// Memory is zeroed. Thread-safe and async-signal-safe: one system call and one
// atomic counter; no lock.
#ifndef HEAPLINE_PRELOAD_PAGES_H_
#define HEAPLINE_PRELOAD_PAGES_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

// What the pages are for decides what degrades first when max_memory is
// reached (docs/limits.md): call-tree nodes stop first, then live-table
// leaves; kEssential (thread states, the writer's buffer) may pass it.
enum class PageUse { kNodes, kLiveTable, kEssential };

inline constexpr size_t kPageBytes = 4096;
inline constexpr size_t kHugePageBytes = size_t{2} << 20;

inline constexpr size_t WholePages(size_t bytes) {
  return (bytes + kPageBytes - 1) & ~(kPageBytes - 1);
}

// `bytes` of zeroed memory, rounded up to pages, aligned to kPageBytes, or
// NULL: no memory, past max_memory, or too little of RLIMIT_AS or RLIMIT_DATA,
// where one is set, would be left to the program: a quarter, and 1 MiB where
// the use is essential.
void* MapPages(size_t bytes, PageUse use);
// The same, aligned to kHugePageBytes.
void* MapPagesHugeAligned(size_t bytes, PageUse use);
void UnmapPages(void* start, size_t bytes);
// For what is aligned to them and will all be used. A kernel may not care.
void AskForHugePages(void* start, size_t bytes);

// The program has set a limit: it is looked up again before the next mapping.
void ForgetMemoryLimits();

// One of these limits, not max_memory, has refused a mapping at least once.
bool LimitsRefusedPages();

// Where they are, for the search for references: our own pages are nobody's
// root. Calls visit(start, end) for each. REQUIRES: nobody else runs.
template <typename Visit>
void ForEachOwnRange(Visit visit);
// The same without those that a snapshot's child has mapped, and those alone:
// the parent may have memory there that children do not get.
template <typename Visit>
void ForEachOwnRangeOfParent(Visit visit);
template <typename Visit>
void ForEachOwnRangeOfChild(Visit visit);
// This process is a snapshot's child from here on.
void NoteChildsPages();
// False: there were more than could be noted.
bool OwnRangesAreKnown();

// Bytes mapped now and not given back; touched or not.
size_t MappedPageBytes();

struct OwnRange {
  uintptr_t start;  // 0: free
  size_t bytes;     // whole pages; kOfChild is set in a child's
};
inline constexpr size_t kOfChild = 1;
inline constexpr size_t kMostOwnRanges = 1 << 15;
extern OwnRange own_ranges[kMostOwnRanges]
    __attribute__((visibility("hidden")));
extern size_t own_range_count __attribute__((visibility("hidden")));

template <typename Visit>
void ForEachOwnRangeOfChild(Visit visit) {
  for (size_t i = 0; i < own_range_count && i < kMostOwnRanges; ++i) {
    const OwnRange& range = own_ranges[i];
    if (range.start == 0 || (range.bytes & kOfChild) == 0) continue;
    visit(range.start, range.start + range.bytes - kOfChild);
  }
}

template <typename Visit>
void ForEachOwnRangeOfParent(Visit visit) {
  for (size_t i = 0; i < own_range_count && i < kMostOwnRanges; ++i) {
    const OwnRange& range = own_ranges[i];
    if (range.start == 0 || (range.bytes & kOfChild) != 0) continue;
    visit(range.start, range.start + range.bytes);
  }
}

template <typename Visit>
void ForEachOwnRange(Visit visit) {
  ForEachOwnRangeOfParent(visit);
  ForEachOwnRangeOfChild(visit);
}

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_PAGES_H_

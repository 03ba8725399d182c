// program_notes.h: what a program tells the tracer through heapline.h besides
// its allocations: root regions, blocks that should be dead, pool blocks.
// Small append-only tables; writers take a try-lock that a signal handler or a
// forked copy never waits for. The snapshot's child reads them when all stand
// still.
#ifndef HEAPLINE_PRELOAD_PROGRAM_NOTES_H_
#define HEAPLINE_PRELOAD_PROGRAM_NOTES_H_

#include <stddef.h>
#include <stdint.h>

#include "heapline/snapshot_format.h"
#include "preload/live_table.h"

namespace heapline {

// Blocks told through heapline_pool_alloc; see tracer-wide totals for how the
// heap blocks around them are counted. NULL top until the first pool block.
extern PoolTable pool_blocks __attribute__((visibility("hidden")));
bool PoolsAreUsed();
bool InitializePools();  // on the first pool block; false: no memory

struct RootRegion {
  uintptr_t start;
  size_t bytes;
};
// False: no room for another.
bool AddRootRegion(uintptr_t start, size_t bytes);
bool RemoveRootRegion(uintptr_t start);
// Calls visit(RootRegion) for each.
template <typename Visit>
void ForEachRootRegion(Visit visit);

// A block that should be freed soon. It is still the same block while its
// table entry is the one noted here.
struct Expectation {
  uintptr_t address;
  Entry entry;
  char label[HL_MAX_LABEL_BYTES + 1];
};
bool AddExpectation(uintptr_t address, const char* label);
bool IsUnmet(const Expectation& expectation);
template <typename Visit>
void ForEachUnmetExpectation(Visit visit);

inline constexpr size_t kMaxRootRegions = 1024;
inline constexpr size_t kMaxExpectations = 4096;
extern RootRegion root_regions[kMaxRootRegions]
    __attribute__((visibility("hidden")));
// In pages, made by the first expectation.
extern Expectation* expectations __attribute__((visibility("hidden")));

template <typename Visit>
void ForEachRootRegion(Visit visit) {
  for (const RootRegion& region : root_regions) {
    if (region.start != 0) visit(region);
  }
}

template <typename Visit>
void ForEachUnmetExpectation(Visit visit) {
  if (expectations == nullptr) return;
  for (size_t i = 0; i < kMaxExpectations; ++i) {
    const Expectation& expectation = expectations[i];
    if (expectation.address != 0 && IsUnmet(expectation)) visit(expectation);
  }
}

// In a forked copy: whoever held the lock is not here.
void ForgetProgramNotesLock();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_PROGRAM_NOTES_H_

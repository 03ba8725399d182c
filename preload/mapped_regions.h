// mapped_regions.h: option mmap=1: what the program maps for itself, as a class
// of its own beside the heap. A sorted array of disjoint [start, end) ranges;
// munmap and MAP_FIXED cut ranges, mremap moves them. Writers take a try-lock
// that a signal handler or a forked copy never waits for: what could not be
// noted is counted as dropped. Calls are rare and each is a system call, so the
// lock costs nothing that shows.
#ifndef HEAPLINE_PRELOAD_MAPPED_REGIONS_H_
#define HEAPLINE_PRELOAD_MAPPED_REGIONS_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/capture.h"
#include "preload/live_table.h"

namespace heapline {

struct MappedRegion {
  uintptr_t start;
  uintptr_t end;
  NodeId node;
  Epoch epoch;
};

// The program's mmap succeeded. `caller` is the hook's.
void NoteMapped(uintptr_t start, size_t bytes, CallerContext caller,
                void* frame);
// Its munmap succeeded.
void NoteUnmapped(uintptr_t start, size_t bytes, void* frame);
// Its mremap succeeded: the range moved, grew or shrank, and keeps its stack.
void NoteRemapped(uintptr_t old_start, size_t old_bytes, uintptr_t new_start,
                  size_t new_bytes, CallerContext caller, void* frame);

// By ascending start. REQUIRES: nobody writes.
size_t MappedRegionCount();
const MappedRegion& MappedRegionAt(size_t index);

void ForgetMappedRegionsLock();  // in a forked copy

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_MAPPED_REGIONS_H_

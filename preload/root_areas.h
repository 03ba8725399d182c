// root_areas.h: which memory outside of blocks is searched for roots, and as
// what (docs/how-it-works.md). Made once a cut, of the list of mappings, the
// modules and the threads. Left out everywhere: the allocator's memory and our
// own. Stacks and TLS of threads that have ended stay mapped and are nobody's
// roots.
//
// Runs where nobody else does (snapshot_writer.h).
#ifndef HEAPLINE_PRELOAD_ROOT_AREAS_H_
#define HEAPLINE_PRELOAD_ROOT_AREAS_H_

#include <stdint.h>

#include "heapline/snapshot_format.h"
#include "preload/growing_array.h"
#include "preload/heap_memory.h"
#include "preload/known_blocks.h"
#include "preload/leader_frame.h"
#include "preload/memory_map.h"
#include "preload/range_list.h"
#include "preload/stop_world.h"

namespace heapline {

struct RootArea {
  HlRootKind kind;
  uint32_t owner;  // tid, or 0
  uintptr_t start;
  uintptr_t end;
};

class RootAreas {
 public:
  // All four must outlive this; `heap` is finished.
  RootAreas(const MemoryMap& map, const KnownBlocks& blocks,
            const HeapMemory& heap)
      : map_(map), blocks_(blocks), heap_(heap) {}

  // `leader` is where the thread that cut has its frames. `is_complete`: every
  // block is known; where not, unknown ones may hold others. False: no memory.
  bool Find(const StoppedWorld& world, const LeaderFrame& leader,
            bool is_complete);

  size_t count() const { return areas_.count(); }
  const RootArea& at(size_t index) const { return areas_[index]; }
  // The allocator's memory and ours: no part of a GLOBAL area is in there.
  const RangeList& forbidden() const { return forbidden_; }
  // The allocator's memory, to be searched outside of blocks as UNTRACED.
  const RangeList& untraced() const { return untraced_; }

 private:
  void FindHeapMemory(bool is_complete);
  void Add(HlRootKind kind, uint32_t owner, uintptr_t start, uintptr_t end);
  void AddModules();
  void AddLoaderMemory();
  void AddThread(const StoppedThread& thread, const LeaderFrame* leader);
  // The stack that `sp` is on, from `from` up. A thread may stand on another
  // one than its own: a coroutine's, a signal handler's, or one in a block of
  // the heap. Then its own holds frames all the same, from where on nobody
  // tells.
  void AddStack(const StoppedThread& thread, uintptr_t sp, uintptr_t from,
                Range own);
  void AddDeadThreads(const StoppedWorld& world);
  void AddDeadThread(const StoppedWorld& world, uintptr_t thread_pointer);
  void AddRegions();
  void AddOtherMappings();

  const MemoryMap& map_;
  const KnownBlocks& blocks_;
  const HeapMemory& heap_;
  GrowingArray<RootArea> areas_;
  RangeList taken_;  // by now an area, or never to be one
  RangeList forbidden_;
  RangeList untraced_;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_ROOT_AREAS_H_

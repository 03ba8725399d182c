// root_scan.h: the words outside of all blocks that refer to a block: in the
// areas that root_areas.h finds, and in the registers of the threads. A word
// that a thread stopped inside a hook holds in its hands counts as one of its
// stack.
#ifndef HEAPLINE_PRELOAD_ROOT_SCAN_H_
#define HEAPLINE_PRELOAD_ROOT_SCAN_H_

#include <stdint.h>

#include "preload/known_blocks.h"
#include "preload/leader_frame.h"
#include "preload/readable_runs.h"
#include "preload/root_areas.h"
#include "preload/section_writer.h"
#include "preload/stop_world.h"

namespace heapline {

struct RootSums {
  uint64_t roots;
  uint64_t unreadable_bytes;
};

// Writes ROOTS to `roots` and ROOT_AREAS to `told`, two writers on the same
// file.
RootSums WriteRoots(SectionWriter* roots, SectionWriter* told,
                    const StoppedWorld& world, const LeaderFrame& leader,
                    const RootAreas& areas, KnownBlocks* blocks,
                    ReadableRuns* runs);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_ROOT_SCAN_H_

// snapshot_blocks.h: the live blocks of a cut as sections, and their exact
// sums. Blocks come from the live table in address order; those that a thread
// held in its hands when it was stopped inside a hook are merged in.
//
//   live = heap + pool - containers
//
// Runs where nobody else does (snapshot_writer.h).
#ifndef HEAPLINE_PRELOAD_SNAPSHOT_BLOCKS_H_
#define HEAPLINE_PRELOAD_SNAPSHOT_BLOCKS_H_

#include <stdint.h>

#include "preload/section_writer.h"

namespace heapline {

struct BlockSums {
  uint64_t heap_bytes;  // all heap blocks, unsampled ones too
  uint64_t heap_count;
  uint64_t in_flight_bytes;  // of these, in a stopped thread's hands
  uint64_t in_flight_count;
  uint64_t pool_bytes;
  uint64_t pool_count;
  uint64_t container_bytes;
  uint64_t container_count;
  uint64_t mapped_bytes;
  uint64_t mapped_count;
  uint64_t written_blocks;  // records in BLOCKS

  uint64_t live_bytes() const {
    return heap_bytes + pool_bytes - container_bytes;
  }
  uint64_t live_count() const {
    return heap_count + pool_count - container_count;
  }
};

// What the file knows: a thread that could not be stopped may enter blocks of
// nodes and epochs that came later. Such a block's node is written as unknown,
// its epoch as the last.
struct BlockBounds {
  uint64_t last_node;
  uint16_t last_epoch;
};

// Writes BLOCKS, POOL_BLOCKS and MAPPED_REGIONS. False: there was no memory to
// tell blocks in flight, or containers, from others.
bool WriteBlocks(SectionWriter* out, const BlockBounds& bounds,
                 BlockSums* sums);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_SNAPSHOT_BLOCKS_H_

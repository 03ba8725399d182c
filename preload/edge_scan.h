// edge_scan.h: the edges of the object graph: every aligned word of every live
// block, by ascending address, that points at or into a block; and of each
// block's first words those that tell its type or its count of references; and
// the names of types that such words lead to (type_names.h).
// Memory of the program is read where ReadableRuns lets it, and nothing of it
// but such words is kept.
#ifndef HEAPLINE_PRELOAD_EDGE_SCAN_H_
#define HEAPLINE_PRELOAD_EDGE_SCAN_H_

#include <stdint.h>

#include "preload/known_blocks.h"
#include "preload/memory_map.h"
#include "preload/readable_runs.h"
#include "preload/section_writer.h"

namespace heapline {

struct EdgeSums {
  uint64_t edges;
  uint64_t object_words;
  uint64_t unreadable_bytes;
};

// Writes EDGES to `edges` and OBJECT_WORDS, then TYPE_NAMES, to `words`, two
// writers on the same file. False: no memory.
bool WriteEdges(SectionWriter* edges, SectionWriter* words, KnownBlocks* blocks,
                ReadableRuns* runs, const MemoryMap& map, EdgeSums* sums);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_EDGE_SCAN_H_

// kept_by.h: who keeps alive what grew: of each row of `diff` whose key grew,
// the root or the block that holds the growth, and what would go with it.
//
// A row's growth is those of its blocks in the newer snapshot that the older
// one does not know: no block at that address, or one of another epoch. A block
// keeps its address and epoch, and a cut ends the epoch, so in two snapshots of
// one process these are exactly the blocks allocated in between. Of two
// processes addresses tell nothing: all blocks of a row count as its growth
// then. holders.h says which holder of them is taken.
//
// Invariant: one pass over the graph, whatever the number of rows. Not
// thread-safe.
#ifndef HEAPLINE_ANALYZER_REPORT_KEPT_BY_H_
#define HEAPLINE_ANALYZER_REPORT_KEPT_BY_H_

#include <cstdint>
#include <vector>

#include "analyzer/analysis/heap_rows.h"
#include "analyzer/report/document.h"
#include "analyzer/report/graph_side.h"

namespace heapline {

// The blocks of a snapshot by ascending address, and whose they are.
struct KnownBlocks {
  struct Column {
    std::vector<uint64_t> address;
    std::vector<uint16_t> epoch;
  };
  Column blocks, pool_blocks;
  uint64_t pid = 0;
  uint64_t start_time_ns = 0;
};

KnownBlocks KnownBlocksOf(Snapshot snapshot);

// Adds to the rows of `table`, which are the first of `rows`, the line "kept by
// …" and the object "kept_by": {"holder", "kind", "root", "growth_bytes",
// "retained_bytes"}. kind is that of a root, "block", "leaked", or "several"
// where no single holder keeps more than half. REQUIRES: `rows` are of the
// side's snapshot, not cumulative.
void AddKeptBy(const KnownBlocks& older, const HeapRows& rows, GraphSide* side,
               Table* table);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_KEPT_BY_H_

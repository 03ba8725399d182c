// node_amounts.h: what each call-tree node of a snapshot holds: live blocks
// and counters summed in dense arrays, before anything is symbolized.
//
// Invariant: the nodes' amounts and `unaccounted` sum to the snapshot's own
// totals (live_bytes, total_bytes, …) where the snapshot states them; under
// sampling they sum to the estimate instead.
// Built once, then immutable; thread-safe to read.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_NODE_AMOUNTS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_NODE_AMOUNTS_H_

#include <cstdint>
#include <vector>

#include "analyzer/analysis/amounts.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

struct NodeAmounts {
  std::vector<Amounts> by_node;  // index = NodeId
  // The tracer's counter less what the file holds: not zero where a damaged
  // file lost blocks or counters.
  Amounts unaccounted;
  // by_node's numbers are estimates from a sample of this mean; 0: exact.
  uint64_t sample_mean_bytes = 0;
};

// Blocks count with their requested bytes. A heap block that contains a pool
// block is a container and counts with nothing: its pool blocks stand for it.
NodeAmounts AmountsByNode(const Snapshot& snapshot);

// The snapshot's own exact totals, from its properties.
Amounts ProcessTotals(const Snapshot& snapshot);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_NODE_AMOUNTS_H_

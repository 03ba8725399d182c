// node_amounts.h: what each call-tree node of a snapshot holds: live blocks
// and counters summed in dense arrays, before anything is symbolized.
//
// Invariant: the nodes' amounts and `unaccounted` sum to the snapshot's own
// totals (live_bytes, total_bytes, …) where the snapshot states them; under
// sampling they sum to the estimate instead.
// Built once, then immutable; thread-safe to read.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_NODE_AMOUNTS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_NODE_AMOUNTS_H_

#include <cstddef>
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

// Calls visit(column, i) for each block that counts: pool blocks, and heap
// blocks that contain none of them. Both columns ascend by address.
template <typename Visit>
void ForEachCountedBlock(const Snapshot& snapshot, Visit visit) {
  const BlockColumns& pool = snapshot.pool_blocks;
  const BlockColumns& heap = snapshot.blocks;
  for (size_t i = 0; i < pool.size(); ++i) visit(pool, i);
  size_t next_pool = 0;
  for (size_t i = 0; i < heap.size(); ++i) {
    const uint64_t start = heap.address[i];
    while (next_pool < pool.size() && pool.address[next_pool] < start) {
      ++next_pool;
    }
    const bool is_container =
        next_pool < pool.size() &&
        pool.address[next_pool] - start < heap.requested_bytes[i];
    if (!is_container) visit(heap, i);
  }
}

// The snapshot's own exact totals, from its properties.
Amounts ProcessTotals(const Snapshot& snapshot);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_NODE_AMOUNTS_H_

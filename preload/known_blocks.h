// known_blocks.h: all blocks of a cut for the search for references: which one,
// if any, does a word point at or into? Heap blocks, those in flight, and pool
// blocks, which win over the heap block around them. The address after a
// block's last byte belongs to the block unless another one starts there.
//
// Runs where nobody else does (snapshot_writer.h).
#ifndef HEAPLINE_PRELOAD_KNOWN_BLOCKS_H_
#define HEAPLINE_PRELOAD_KNOWN_BLOCKS_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/block_index.h"
#include "preload/growing_array.h"
#include "preload/heap_blocks.h"
#include "preload/in_flight_blocks.h"
#include "preload/page_map.h"
#include "preload/tracer.h"

namespace heapline {

struct Extent {
  uintptr_t start;
  uint64_t bytes;
};

class KnownBlocks {
 public:
  // Fills the index. visit(Extent) is called for each heap block of the table,
  // by ascending address. False: no memory.
  template <typename Visit>
  bool Build(Visit visit) {
    if (in_flight_.lacks_memory() || !BuildPools()) return false;
    bool is_whole = true;
    ForEachHeapBlock([&](const Extent& block, bool is_in_flight) {
      is_whole = is_whole && heap_.Add(block.start, block.bytes);
      if (!is_in_flight) visit(block);
    });
    heap_.Finish();
    JoinReaches();
    return is_whole;
  }

  // Calls visit(Extent, is_in_flight) for each heap block, ascending.
  template <typename Visit>
  void ForEachHeapBlock(Visit visit) {
    heapline::ForEachHeapBlock(
        map_, &in_flight_, [&](const LiveBlock& block, bool is_in_flight) {
          visit(Extent{block.address, block.requested_bytes}, is_in_flight);
        });
  }

  // By ascending address.
  const GrowingArray<Extent>& pool_blocks() const { return pool_extents_; }

  // What Nearest may be asked about. For loops: a copy of it stays in
  // registers.
  Reach reach() const { return reach_; }

  __attribute__((always_inline)) void Prefetch(uintptr_t word) const {
    if (__builtin_expect(heap_.reach().contains(word), 1)) heap_.Prefetch(word);
  }

  // First half of the search for `word`. REQUIRES: reach().contains(word).
  BlockIndex::Hit Nearest(uintptr_t word) const {
    if (__builtin_expect(pool_extents_.count() != 0, 0)) {
      const uintptr_t start = NearestPoolBlock(word);
      if (start != 0) return {start, true};
    }
    if (!heap_.reach().contains(word)) return {0, false};
    const BlockIndex::Hit hit = heap_.Find(word);
    if (hit.start != 0 && !hit.is_certain) tracer.blocks.Prefetch(hit.start);
    return hit;
  }
  // Second half, best a little later. REQUIRES: `hit` is what Nearest gave.
  bool Holds(const BlockIndex::Hit& hit, uintptr_t word) const {
    return hit.is_certain ||
           (hit.start != 0 && word - hit.start <= BytesOf(hit.start));
  }
  // Both.
  bool Find(uintptr_t word, Extent* block) const;

 private:
  bool BuildPools();
  void JoinReaches();
  uintptr_t NearestPoolBlock(uintptr_t word) const;
  uint64_t BytesOf(uintptr_t start) const;

  PageMap map_;
  InFlightBlocks in_flight_;
  BlockIndex heap_;
  BlockIndex pools_;
  Reach reach_ = {0, 0};
  GrowingArray<Extent> pool_extents_;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_KNOWN_BLOCKS_H_

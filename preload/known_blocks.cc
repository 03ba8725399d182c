#include "preload/known_blocks.h"

#include "preload/program_notes.h"

namespace heapline {

bool KnownBlocks::BuildPools() {
  if (!PoolsAreUsed()) return true;
  bool is_whole = true;
  heapline::pool_blocks.ForEach(
      [&](const void* first, size_t pages, uint64_t* bits) {
        map_.MarkTouched(first, pages, bits);
      },
      [&](const LiveBlock& block) {
        is_whole =
            is_whole &&
            pool_extents_.Append({block.address, block.requested_bytes}) &&
            pools_.Add(block.address, block.requested_bytes);
      });
  pools_.Finish();
  return is_whole;
}

void KnownBlocks::JoinReaches() {
  const Reach heap = heap_.reach();
  const Reach pools = pools_.reach();
  reach_ = heap.span != 0 ? heap : pools;
  if (heap.span == 0 || pools.span == 0) return;
  const uintptr_t heap_end = heap.lowest + heap.span;
  const uintptr_t pools_end = pools.lowest + pools.span;
  reach_.lowest = heap.lowest < pools.lowest ? heap.lowest : pools.lowest;
  reach_.span = (heap_end > pools_end ? heap_end : pools_end) - reach_.lowest;
}

uintptr_t KnownBlocks::NearestPoolBlock(uintptr_t word) const {
  if (!pools_.reach().contains(word)) return 0;
  const BlockIndex::Hit hit = pools_.Find(word);
  const uintptr_t start = hit.start;
  if (start == 0 || hit.is_certain) return start;
  const Entry entry = heapline::pool_blocks.Find(start);
  return word - start <= heapline::pool_blocks.SizeOf(start, entry) ? start : 0;
}

uint64_t KnownBlocks::BytesOf(uintptr_t start) const {
  if (pool_extents_.count() != 0) {
    const Entry pool = heapline::pool_blocks.Find(start);
    if (pool.is_live()) return heapline::pool_blocks.SizeOf(start, pool);
  }
  const Entry entry = tracer.blocks.Find(start);
  if (entry.is_live()) return tracer.blocks.SizeOf(start, entry);
  const LiveBlock* block = in_flight_.Find(start);
  return block != nullptr ? block->requested_bytes : 0;
}

bool KnownBlocks::Find(uintptr_t word, Extent* block) const {
  if (!reach_.contains(word)) return false;
  const BlockIndex::Hit hit = Nearest(word);
  if (!Holds(hit, word)) return false;
  *block = {hit.start, BytesOf(hit.start)};
  return true;
}

}  // namespace heapline

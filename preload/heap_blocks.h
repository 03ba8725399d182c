// heap_blocks.h: every heap block of a cut, by ascending address: those of the
// live table, and between them those in flight. Runs where nobody else does
// (snapshot_writer.h).
#ifndef HEAPLINE_PRELOAD_HEAP_BLOCKS_H_
#define HEAPLINE_PRELOAD_HEAP_BLOCKS_H_

#include "preload/in_flight_blocks.h"
#include "preload/live_table.h"
#include "preload/page_map.h"
#include "preload/tracer.h"

namespace heapline {

// Calls visit(const LiveBlock&, is_in_flight). `map` spares the table's holes.
template <typename Visit>
void ForEachHeapBlock(const PageMap& map, InFlightBlocks* in_flight,
                      Visit visit) {
  in_flight->Rewind();
  const auto visit_in_flight_below = [&](uintptr_t address) {
    while (const LiveBlock* block = in_flight->TakeBelow(address)) {
      visit(*block, true);
    }
  };
  tracer.blocks.ForEach(
      [&](const void* first, size_t pages, uint64_t* bits) {
        map.MarkTouched(first, pages, bits);
      },
      [&](const LiveBlock& block) {
        visit_in_flight_below(block.address);
        visit(block, false);
      });
  visit_in_flight_below(~uintptr_t{0});
}

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_HEAP_BLOCKS_H_

#include "preload/in_flight_blocks.h"

#include "heapline/snapshot_format.h"
#include "preload/heap_totals.h"
#include "preload/pages.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

Epoch EpochOfCut() {
  // The cut has begun the next epoch already.
  const Epoch epoch = CurrentEpoch();
  return epoch > 0 ? static_cast<Epoch>(epoch - 1) : epoch;
}

}  // namespace

InFlightBlocks::InFlightBlocks() {
  size_t threads = 0;
  for (const ThreadState* thread = FirstThreadState(); thread != nullptr;
       thread = thread->next) {
    threads += thread->guard != 0;
  }
  if (threads == 0) return;
  capacity_ = threads * 2;
  blocks_ = static_cast<LiveBlock*>(
      MapPages(capacity_ * sizeof(LiveBlock), PageUse::kEssential));
  if (blocks_ == nullptr) return;
  for (const ThreadState* thread = FirstThreadState(); thread != nullptr;
       thread = thread->next) {
    if (thread->guard == 0) continue;
    const InFlight& in_flight = thread->in_flight;
    Add(in_flight.old_address, in_flight.old_bytes, in_flight.old_node);
    Add(in_flight.new_address, in_flight.new_bytes, HL_SPECIAL_UNKNOWN);
  }
}

InFlightBlocks::~InFlightBlocks() {
  if (blocks_ != nullptr) UnmapPages(blocks_, capacity_ * sizeof(LiveBlock));
}

void InFlightBlocks::Add(uintptr_t address, uint64_t bytes, NodeId node) {
  if (address == 0 || count_ == capacity_) return;
  if (tracer.blocks.Find(address).is_live()) return;  // it is in the table
  size_t place = count_;
  while (place > 0 && blocks_[place - 1].address >= address) --place;
  if (place < count_ && blocks_[place].address == address) return;
  for (size_t i = count_; i > place; --i) blocks_[i] = blocks_[i - 1];
  blocks_[place] = LiveBlock{address, bytes, node, EpochOfCut()};
  ++count_;
}

}  // namespace heapline

// in_flight_blocks.h: blocks that a thread stopped inside a hook had taken out
// of the live table, or not yet put into it: live all the same. Sorted by
// address, each once, none that the table has. Runs where nobody else does
// (snapshot_writer.h).
#ifndef HEAPLINE_PRELOAD_IN_FLIGHT_BLOCKS_H_
#define HEAPLINE_PRELOAD_IN_FLIGHT_BLOCKS_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/live_table.h"

namespace heapline {

class InFlightBlocks {
 public:
  InFlightBlocks();
  ~InFlightBlocks();
  InFlightBlocks(const InFlightBlocks&) = delete;
  InFlightBlocks& operator=(const InFlightBlocks&) = delete;

  bool lacks_memory() const { return capacity_ != 0 && blocks_ == nullptr; }

  // The next one below `address`, or NULL.
  const LiveBlock* TakeBelow(uintptr_t address) {
    if (at_ == count_ || blocks_[at_].address >= address) return nullptr;
    return &blocks_[at_++];
  }
  // The one that starts at `address`, taken or not, or NULL.
  const LiveBlock* Find(uintptr_t address) const {
    for (size_t i = 0; i < count_; ++i) {
      if (blocks_[i].address == address) return &blocks_[i];
    }
    return nullptr;
  }
  // TakeBelow begins with the first again.
  void Rewind() { at_ = 0; }

 private:
  void Add(uintptr_t address, uint64_t bytes, NodeId node);

  LiveBlock* blocks_ = nullptr;
  size_t capacity_ = 0;
  size_t count_ = 0;
  size_t at_ = 0;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_IN_FLIGHT_BLOCKS_H_

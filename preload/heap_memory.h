// heap_memory.h: the memory that the program's allocator has from the kernel,
// blocks, free memory and its own records alike. No root is in there: what is
// free may hold any pointer. Of glibc's malloc it is known to the page; of
// another allocator each mapping that holds a block counts as its own.
//
// Told of all blocks first (Note), then asked. Runs where nobody else does
// (snapshot_writer.h).
#ifndef HEAPLINE_PRELOAD_HEAP_MEMORY_H_
#define HEAPLINE_PRELOAD_HEAP_MEMORY_H_

#include <stdint.h>

#include "preload/memory_map.h"
#include "preload/range_list.h"

namespace heapline {

class HeapMemory {
 public:
  // `map` must outlive this.
  explicit HeapMemory(const MemoryMap& map) : map_(map) {}

  // A live heap block.
  void Note(uintptr_t start, uint64_t bytes) {
    if (__builtin_expect(start >= last_.start && start + bytes <= last_.end,
                         1)) {
      return;
    }
    NoteElsewhere(start, bytes);
  }
  // Memory around a pool block, whoever it was taken from.
  void NoteMapping(uintptr_t address);
  // After the last Note. False: no memory.
  bool Finish();

  const RangeList& ranges() const { return ranges_; }

 private:
  void NoteElsewhere(uintptr_t start, uint64_t bytes);
  void NoteGlibcBlock(uintptr_t start, const MapEntry& mapping);
  void NoteEmptyArenas(const MapEntry& mapping);

  const MemoryMap& map_;
  RangeList ranges_;
  Range last_ = {0, 0};
};

// Of a block of glibc's: where the next chunk's header begins, which is what
// the allocator's own pointers to that chunk say. REQUIRES: the 8 bytes below
// the block can be read.
uintptr_t NextChunkOf(uintptr_t block);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_HEAP_MEMORY_H_

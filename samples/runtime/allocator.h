// allocator.h: where objects' blocks come from: the C library's malloc, or
// pools of the runtime's own (pool_allocator.h), which hide blocks from a
// malloc tracer unless they are reported to it. Both are told the size again
// when a block is freed.
//
// Invariant: what Allocate gave, aligned to 16 bytes, is live until Free; stats
// count exactly that. One thread only.
#ifndef SAMPLES_RUNTIME_ALLOCATOR_H_
#define SAMPLES_RUNTIME_ALLOCATOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>

namespace runtime {

struct AllocatorStats {
  uint64_t live_bytes = 0;  // as asked for
  uint64_t live_blocks = 0;
  uint64_t peak_bytes = 0;  // highest live_bytes since start or ResetPeak
  uint64_t total_blocks = 0;
};

// What freed memory is filled with, as CPython's debug allocator does: whoever
// searches memory for references must not find those of dead objects.
inline constexpr int kDeadByte = 0xdd;

class Allocator {
 public:
  virtual ~Allocator() = default;

  // Never nullptr: a demonstration that runs out of memory ends (bad_alloc).
  void* Allocate(size_t bytes);
  void Free(void* block, size_t bytes);  // nullptr: nothing

  const AllocatorStats& stats() const { return stats_; }
  void ResetPeak() { stats_.peak_bytes = stats_.live_bytes; }

 private:
  virtual void* DoAllocate(size_t bytes) = 0;
  virtual void DoFree(void* block, size_t bytes) = 0;

  AllocatorStats stats_;
};

std::unique_ptr<Allocator> MakeMallocAllocator();

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_ALLOCATOR_H_

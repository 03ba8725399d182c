// pool_allocator.h: blocks of similar size side by side, as CPython's obmalloc
// has them:
//
//   arena, 256 KiB, from malloc
//   ├─ pool, 4 KiB: one size class        head │ block │ block │ free ─┐
//   ├─ pool: another size class           head │ free ◀────────────────┘
//   └─ pools not used yet
//
// Size classes are the multiples of 16 up to 512 bytes; larger blocks are
// malloc's. An arena all of whose pools are empty goes back to malloc. Each
// block is reported by heapline_pool_alloc and heapline_pool_free, so that a
// tracer sees blocks and not arenas; kUnreported leaves that out, to show what
// it is good for.
//
// Invariant: a pool is on its class's list of pools with room, or full, or
// unused; used blocks + free blocks = its capacity.
#ifndef SAMPLES_RUNTIME_POOL_ALLOCATOR_H_
#define SAMPLES_RUNTIME_POOL_ALLOCATOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "samples/runtime/allocator.h"

namespace runtime {

inline constexpr size_t kArenaBytes = 256 * 1024;
inline constexpr size_t kPoolBytes = 4096;
inline constexpr size_t kPoolAlignment = 16;
inline constexpr size_t kLargestPooled = 512;

enum class PoolReports { kReported, kUnreported };

// How full the pools of a size class are.
struct PoolOccupancy {
  size_t block_bytes = 0;
  uint64_t pools = 0;
  uint64_t used_blocks = 0;
  uint64_t free_blocks = 0;
};

class PoolAllocator : public Allocator {
 public:
  explicit PoolAllocator(PoolReports reports);
  ~PoolAllocator() override;  // arenas too, with what is live in them

  std::vector<PoolOccupancy> Occupancy() const;  // classes in use, ascending
  uint64_t arena_count() const;

 private:
  void* DoAllocate(size_t bytes) override;
  void DoFree(void* block, size_t bytes) override;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_POOL_ALLOCATOR_H_

// allocator.cc: the counting that both allocators share, and malloc.
#include "samples/runtime/allocator.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace runtime {
namespace {

class MallocAllocator : public Allocator {
 private:
  void* DoAllocate(size_t bytes) override {
    // The C library may give nullptr for nothing.
    return malloc(std::max<size_t>(bytes, 1));
  }
  void DoFree(void* block, size_t) override { free(block); }
};

}  // namespace

void* Allocator::Allocate(size_t bytes) {
  void* const block = DoAllocate(bytes);
  if (block == nullptr) throw std::bad_alloc();
  stats_.live_bytes += bytes;
  stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.live_bytes);
  ++stats_.live_blocks;
  ++stats_.total_blocks;
  return block;
}

void Allocator::Free(void* block, size_t bytes) {
  if (block == nullptr) return;
  memset(block, kDeadByte, bytes);
  stats_.live_bytes -= bytes;
  --stats_.live_blocks;
  DoFree(block, bytes);
}

std::unique_ptr<Allocator> MakeMallocAllocator() {
  return std::make_unique<MallocAllocator>();
}

}  // namespace runtime

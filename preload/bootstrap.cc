#include "preload/bootstrap.h"

#include <stdint.h>

#include "preload/pages.h"

namespace heapline {
namespace {

constexpr size_t kArenaBytes = 64 << 10;
// A block's size stands in the word before it.
alignas(64) char arena[kArenaBytes];
size_t arena_used;

// Where the arena did not suffice: blocks in pages of their own.
constexpr size_t kMaxExtra = 64;
struct Extra {
  char* start;
  size_t bytes;
};
Extra extra[kMaxExtra];
size_t extra_count;

void* PlaceBlock(char* start, size_t offset, size_t bytes) {
  reinterpret_cast<size_t*>(start + offset)[-1] = bytes;
  return start + offset;
}

}  // namespace

void* BootstrapAllocate(size_t bytes, size_t alignment) {
  if (alignment < 32) alignment = 32;
  if (bytes > SIZE_MAX / 4 || alignment > SIZE_MAX / 4) return nullptr;
  size_t used = __atomic_load_n(&arena_used, __ATOMIC_RELAXED);
  for (;;) {
    const size_t offset =
        (used + sizeof(size_t) + alignment - 1) & ~(alignment - 1);
    if (alignment > 64 || offset + bytes > kArenaBytes) break;
    if (__atomic_compare_exchange_n(&arena_used, &used, offset + bytes, true,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      return PlaceBlock(arena, offset, bytes);
    }
  }
  const size_t index = __atomic_fetch_add(&extra_count, 1, __ATOMIC_RELAXED);
  if (index >= kMaxExtra) return nullptr;
  const size_t mapped = alignment + bytes + sizeof(size_t);
  char* start = static_cast<char*>(MapPages(mapped, PageUse::kEssential));
  if (start == nullptr) return nullptr;
  extra[index] = {start, mapped};
  const uintptr_t base = reinterpret_cast<uintptr_t>(start) + sizeof(size_t);
  const uintptr_t aligned = (base + alignment - 1) & ~(alignment - 1);
  return PlaceBlock(start, aligned - reinterpret_cast<uintptr_t>(start), bytes);
}

bool IsBootstrapBlock(const void* block) {
  const char* address = static_cast<const char*>(block);
  if (address >= arena && address < arena + kArenaBytes) return true;
  for (size_t i = 0; i < extra_count && i < kMaxExtra; ++i) {
    if (address >= extra[i].start &&
        address < extra[i].start + extra[i].bytes) {
      return true;
    }
  }
  return false;
}

size_t BootstrapBlockBytes(const void* block) {
  return static_cast<const size_t*>(block)[-1];
}

}  // namespace heapline

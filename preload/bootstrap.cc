#include "preload/bootstrap.h"

#include <stdint.h>

#include "preload/pages.h"

namespace heapline {
namespace {

// A static chunk, then chunks of pages, each at least twice as large as the one
// before, so that their number is bounded by the address space. None is ever
// given back.
struct Chunk {
  size_t bytes;  // with this header
  size_t used;   // atomic; with this header
};
constexpr size_t kFirstBytes = 64 << 10;
constexpr int kMostMore = 40;

struct alignas(64) FirstChunk {
  Chunk header;
  char rest[kFirstBytes - sizeof(Chunk)];
} first = {{kFirstBytes, sizeof(Chunk)}, {}};
Chunk* more[kMostMore];  // atomic; the first NULL ends them

// A block's size stands in the word before it.
void* TakeFrom(Chunk* chunk, size_t bytes, size_t alignment) {
  const uintptr_t start = reinterpret_cast<uintptr_t>(chunk);
  size_t used = __atomic_load_n(&chunk->used, __ATOMIC_RELAXED);
  for (;;) {
    const uintptr_t block =
        (start + used + sizeof(size_t) + alignment - 1) & ~(alignment - 1);
    const size_t end = block - start + bytes;
    if (end > chunk->bytes) return nullptr;
    if (__atomic_compare_exchange_n(&chunk->used, &used, end, true,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      reinterpret_cast<size_t*>(block)[-1] = bytes;
      return reinterpret_cast<void*>(block);
    }
  }
}

// The chunk in `place`, made if there is none. Two threads may make one at the
// same time: the second gives its own back.
Chunk* ChunkAt(Chunk** place, size_t bytes) {
  Chunk* present = __atomic_load_n(place, __ATOMIC_ACQUIRE);
  if (present != nullptr) return present;
  auto* made = static_cast<Chunk*>(MapPages(bytes, PageUse::kEssential));
  if (made == nullptr) return nullptr;
  *made = {bytes, sizeof(Chunk)};
  if (__atomic_compare_exchange_n(place, &present, made, false,
                                  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    return made;
  }
  UnmapPages(made, bytes);
  return present;
}

bool IsIn(const Chunk& chunk, const void* block) {
  const char* start = reinterpret_cast<const char*>(&chunk);
  const char* address = static_cast<const char*>(block);
  return address >= start && address < start + chunk.bytes;
}

}  // namespace

void* BootstrapAllocate(size_t bytes, size_t alignment) {
  if (alignment < 32) alignment = 32;
  if (bytes > SIZE_MAX / 8 || alignment > SIZE_MAX / 8) return nullptr;
  const size_t room = sizeof(Chunk) + sizeof(size_t) + alignment + bytes;
  void* block = TakeFrom(&first.header, bytes, alignment);
  size_t chunk_bytes = kFirstBytes;
  for (int i = 0; block == nullptr && i < kMostMore; ++i) {
    chunk_bytes *= 2;
    Chunk* chunk = ChunkAt(&more[i], chunk_bytes < room ? room : chunk_bytes);
    if (chunk == nullptr) return nullptr;
    chunk_bytes = chunk->bytes;
    block = TakeFrom(chunk, bytes, alignment);
  }
  return block;
}

bool IsBootstrapBlock(const void* block) {
  if (IsIn(first.header, block)) return true;
  for (Chunk* const& place : more) {
    const Chunk* chunk = __atomic_load_n(&place, __ATOMIC_ACQUIRE);
    if (chunk == nullptr) return false;
    if (IsIn(*chunk, block)) return true;
  }
  return false;
}

size_t BootstrapBlockBytes(const void* block) {
  return static_cast<const size_t*>(block)[-1];
}

}  // namespace heapline

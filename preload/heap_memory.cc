#include "preload/heap_memory.h"

#include "preload/pages.h"
#include "preload/readable_memory.h"
#include "preload/readable_words.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

// A chunk of glibc's malloc: the size of the chunk before it, or how far it was
// moved up in its mapping; its own size with three flags; then the block.
constexpr uintptr_t kHeaderBytes = 16;
constexpr uintptr_t kIsMapped = 2;
constexpr uintptr_t kIsInThreadArena = 4;
constexpr uintptr_t kFlags = 7;

// Thread arenas consist of heaps that begin at multiples of this.
constexpr uintptr_t kArenaHeapBytes = uintptr_t{64} << 20;

// A heap of a thread arena begins with {arena, heap before it, bytes in use};
// the arena itself stands in its first heap, right behind.
bool IsArenaHeap(uintptr_t heap, uintptr_t end) {
  constexpr uintptr_t kMostHeaderBytes = 256;
  const uintptr_t arena = WordAt(heap);
  const uintptr_t before = WordAt(heap + 8);
  const uintptr_t bytes = WordAt(heap + 16);
  const uintptr_t arena_offset = arena % kArenaHeapBytes;
  return arena_offset != 0 && arena_offset < kMostHeaderBytes &&
         before % kArenaHeapBytes == 0 &&
         (before != 0 || arena - heap == arena_offset) && bytes != 0 &&
         bytes % kPageBytes == 0 && bytes <= kArenaHeapBytes &&
         bytes <= end - heap;
}

}  // namespace

uintptr_t NextChunkOf(uintptr_t block) {
  return block - kHeaderBytes + (WordAt(block - 8) & ~kFlags);
}

void HeapMemory::NoteElsewhere(uintptr_t start, uint64_t bytes) {
  const MapEntry* mapping = map_.Find(start);
  if (mapping == nullptr || !mapping->is_readable() ||
      start - mapping->start < kHeaderBytes || !tracer.next_is_libc ||
      mapping->kind == MappingKind::kHeap || !KernelCanRead(start - 8)) {
    last_ = mapping == nullptr ? Range{start, start + bytes}
                               : Range{mapping->start, mapping->end};
  } else {
    NoteGlibcBlock(start, *mapping);
  }
  ranges_.Add(last_.start, last_.end);
  // Its tail may lie in another mapping.
  if (start + bytes > last_.end) ranges_.Add(start, start + bytes);
}

void HeapMemory::NoteGlibcBlock(uintptr_t start, const MapEntry& mapping) {
  const uintptr_t size = WordAt(start - 8);
  last_ = {mapping.start, mapping.end};
  if ((size & kIsMapped) != 0) {
    const uintptr_t moved_by = WordAt(start - kHeaderBytes);
    const uintptr_t low = start - kHeaderBytes - moved_by;
    const uintptr_t high = NextChunkOf(start);
    if (low % kPageBytes == 0 && high % kPageBytes == 0 && low < start &&
        high > start) {
      last_ = {low, high};
    }
  } else if ((size & kIsInThreadArena) != 0) {
    const uintptr_t low = start & ~(kArenaHeapBytes - 1);
    const uintptr_t high = low + kArenaHeapBytes;
    last_ = {low > mapping.start ? low : mapping.start,
             high < mapping.end ? high : mapping.end};
  }
}

void HeapMemory::NoteMapping(uintptr_t address) {
  if (last_.contains(address)) return;
  const MapEntry* mapping = map_.Find(address);
  if (mapping == nullptr) return;
  last_ = {mapping->start, mapping->end};
  ranges_.Add(last_.start, last_.end);
}

void HeapMemory::NoteEmptyArenas(const MapEntry& mapping) {
  const uintptr_t mask = kArenaHeapBytes - 1;
  uintptr_t heap = (mapping.start + mask) & ~mask;
  for (; heap < mapping.end; heap += kArenaHeapBytes) {
    if (KernelCanRead(heap) && IsArenaHeap(heap, mapping.end)) {
      ranges_.Add(heap, heap + WordAt(heap + 16));
    }
  }
}

bool HeapMemory::Finish() {
  for (size_t i = 0; i < map_.count() && tracer.next_is_libc; ++i) {
    const MapEntry& mapping = map_.at(i);
    if (!mapping.is_private_data()) continue;
    if (mapping.kind == MappingKind::kHeap) {
      ranges_.Add(mapping.start, mapping.end);
    } else if (mapping.kind == MappingKind::kAnonymous) {
      NoteEmptyArenas(mapping);
    }
  }
  ranges_.Sort();
  return !ranges_.lacks_memory();
}

}  // namespace heapline

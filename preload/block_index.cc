#include "preload/block_index.h"

namespace heapline {

BlockIndex::~BlockIndex() {
  for (size_t i = 0; i < slabs_.count(); ++i) {
    UnmapPages(slabs_[i], kChunksAtOnce * sizeof(Chunk));
  }
  for (size_t i = 0; i < filled_.count(); ++i) {
    UnmapPages(befores_[filled_[i] >> kChunkShift], sizeof(Before));
  }
  if (befores_ != nullptr) UnmapPages(befores_, kChunks * sizeof(Before*));
  if (chunks_ != nullptr) UnmapPages(chunks_, kChunks * sizeof(Chunk*));
}

BlockIndex::Chunk* BlockIndex::AddChunk(uintptr_t chunk_start) {
  constexpr size_t kSlabBytes = kChunksAtOnce * sizeof(Chunk);
  const size_t place = filled_.count() % kChunksAtOnce;
  if (place == 0) {
    auto* slab = static_cast<Chunk*>(
        MapPagesHugeAligned(kSlabBytes, PageUse::kEssential));
    if (slab == nullptr || !slabs_.Append(slab)) return nullptr;
    AskForHugePages(slab, kSlabBytes);
  }
  auto* before =
      static_cast<Before*>(MapPages(sizeof(Before), PageUse::kEssential));
  if (before == nullptr || !filled_.Append(chunk_start)) return nullptr;
  Chunk* chunk = slabs_[slabs_.count() - 1] + place;
  chunks_[chunk_start >> kChunkShift] = chunk;
  befores_[chunk_start >> kChunkShift] = before;
  return chunk;
}

bool BlockIndex::Add(uintptr_t start, uint64_t bytes) {
  if (start >> kChunkShift >= kChunks) return true;  // no address of a program
  if (chunks_ == nullptr) {
    chunks_ = static_cast<Chunk**>(
        MapPages(kChunks * sizeof(Chunk*), PageUse::kEssential));
    befores_ = static_cast<Before**>(
        MapPages(kChunks * sizeof(Before*), PageUse::kEssential));
    if (chunks_ == nullptr || befores_ == nullptr) return false;
  }
  Chunk* chunk = ChunkOf(start);
  const size_t page = PageOf(start);
  if (chunk == nullptr) {
    FillBefore(kPages - 1);
    chunk = AddChunk(start >> kChunkShift << kChunkShift);
    if (chunk == nullptr) return false;
  } else if (page != page_) {
    FillBefore(page);
  }
  page_ = page;
  chunk->pages[page].starts[PartOf(start)] |= BitOf(start);
  constexpr uintptr_t kLast = (uintptr_t{kChunks} << kChunkShift) - 1;
  const uintptr_t end = bytes < kLast - start ? start + bytes : kLast;
  const uintptr_t last = bytes == 0 ? start : end - 1;
  if (last >> kChunkShift == start >> kChunkShift) {
    chunk->pages[PageOf(last)].ends[PartOf(last)] |= BitOf(last);
  }
  if (span_ == 0) lowest_ = start;
  if (end - lowest_ >= span_) span_ = end - lowest_ + 1;
  const bool is_long = end >> kChunkShift != start >> kChunkShift;
  return !is_long || long_blocks_.Append({start, end});
}

void BlockIndex::FillBefore(size_t end) {
  if (filled_.count() == 0) return;
  Before* before = befores_[filled_[filled_.count() - 1] >> kChunkShift];
  for (size_t page = page_ + 1; page <= end; ++page) {
    before->page[page] = static_cast<uint16_t>(page_ + 1);
  }
}

// The highest start in the first `parts` of a page, or 0.
uintptr_t BlockIndex::HighestIn(const Chunk& chunk, uintptr_t chunk_start,
                                size_t page, size_t parts) {
  while (parts-- > 0) {
    const uint64_t starts = chunk.pages[page].starts[parts];
    if (starts == 0) continue;
    const size_t bit = 63 - static_cast<size_t>(__builtin_clzll(starts));
    return chunk_start + page * kPageBytes + (parts * 64 + bit) * 16;
  }
  return 0;
}

BlockIndex::Hit BlockIndex::FindFurther(const Chunk& chunk,
                                        uintptr_t word) const {
  const uintptr_t chunk_start = word >> kChunkShift << kChunkShift;
  const size_t page = PageOf(word);
  uintptr_t start = HighestIn(chunk, chunk_start, page, PartOf(word));
  const size_t before = befores_[word >> kChunkShift]->page[page];
  if (start == 0 && before != 0) {
    start = HighestIn(chunk, chunk_start, before - 1, kParts);
  }
  return {start != 0 ? start : LongBlockAround(word), false};
}

uintptr_t BlockIndex::LongBlockAround(uintptr_t word) const {
  size_t low = 0;
  size_t high = long_blocks_.count();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (long_blocks_[middle].end < word) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < long_blocks_.count() && long_blocks_[low].start <= word
             ? long_blocks_[low].start
             : 0;
}

}  // namespace heapline

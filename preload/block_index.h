// block_index.h: which block starts nearest at or below an address, and does it
// reach that far? Two bits for each 16 bytes of the address space that holds
// blocks: a block starts there, a block's last byte lies there. So a lookup
// takes one line of the cache, where the live table's entries would take
// another that is not in any cache.
//
//   chunk (64 MiB) ── pages[i]: starts, ends: 256 bits each
//                  └─ before[i]: the nearest page below that has a start
//
// Where no start lies below an address in its chunk, a block that reaches over
// from an earlier chunk is looked for in a sorted list. Memory is 1.6 % of the
// chunks that hold starts. Filled by ascending address; one owner.
#ifndef HEAPLINE_PRELOAD_BLOCK_INDEX_H_
#define HEAPLINE_PRELOAD_BLOCK_INDEX_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/growing_array.h"

namespace heapline {

// False for nearly all words that are no addresses of blocks: one comparison.
struct Reach {
  uintptr_t lowest;
  uintptr_t span;
  bool contains(uintptr_t word) const { return word - lowest < span; }
};

class BlockIndex {
 public:
  BlockIndex() = default;
  ~BlockIndex();
  BlockIndex(const BlockIndex&) = delete;
  BlockIndex& operator=(const BlockIndex&) = delete;

  // REQUIRES: a multiple of 16, above all that were added before. False: no
  // memory for it.
  bool Add(uintptr_t start, uint64_t bytes);

  // After the last Add and before the first question.
  void Finish() { FillBefore(kPages - 1); }

  // All addresses that a block may hold, the one after its last byte too.
  Reach reach() const { return {lowest_, span_}; }

  // REQUIRES: reach().contains(word).
  // Inlined by order: GCC takes a function that only prefetches for one without
  // effect, and drops the call.
  __attribute__((always_inline)) void Prefetch(uintptr_t word) const {
    const Chunk* chunk = ChunkOf(word);
    if (chunk != nullptr) __builtin_prefetch(&chunk->pages[PageOf(word)]);
  }

  struct Hit {
    uintptr_t start;  // of the block nearest at or below; 0: there is none
    // Whether the word lies in it: if not, only the block's size can tell.
    bool is_certain;
  };
  // REQUIRES: reach().contains(word).
  Hit Find(uintptr_t word) const {
    const Chunk* chunk = ChunkOf(word);
    if (__builtin_expect(chunk == nullptr, 0)) {
      return {LongBlockAround(word), false};
    }
    const Page& page = chunk->pages[PageOf(word)];
    const size_t part = PartOf(word);
    const uint64_t bit = BitOf(word);
    const uint64_t below = bit - 1;
    const uint64_t starts = page.starts[part] & (below | bit);
    if (starts == 0) return FindFurther(*chunk, word);
    const int highest = 63 - __builtin_clzll(starts);
    // Ends from that start on, below the word: the block has ended before.
    const uint64_t ends = page.ends[part] & (~uint64_t{0} << highest);
    const uintptr_t start = (word & ~uintptr_t{1023}) + 16u * unsigned(highest);
    if ((ends & below) != 0) return AfterEnd(ends & below, word, start);
    return {start, start == word || (ends & bit) == 0};
  }

 private:
  static constexpr int kChunkShift = 26;
  static constexpr size_t kPages = size_t{1} << (kChunkShift - 12);
  static constexpr size_t kParts = 4;  // of a page, 1 KiB each
  static constexpr size_t kChunks = size_t{1} << (47 - kChunkShift);

  struct Page {
    uint64_t starts[kParts];
    uint64_t ends[kParts];
  };
  struct Chunk {
    Page pages[kPages];
  };
  // For each page 1 + the nearest page below with a start; 0: none in its
  // chunk.
  struct Before {
    uint16_t page[kPages];
  };
  // Several chunks in one mapping, so that it may stand in huge pages.
  static constexpr size_t kChunksAtOnce = 8;
  struct LongBlock {  // ends in a later chunk than it starts in
    uintptr_t start;
    uintptr_t end;
  };

  static size_t PageOf(uintptr_t word) { return word >> 12 & (kPages - 1); }
  static size_t PartOf(uintptr_t word) { return word >> 10 & (kParts - 1); }
  static uint64_t BitOf(uintptr_t word) {
    return uint64_t{1} << (word >> 4 & 63);
  }
  // The block at `start` has its last byte in one of the units `ends`, all
  // below the word's: the word may be the address after it.
  static Hit AfterEnd(uint64_t ends, uintptr_t word, uintptr_t start) {
    const bool may_touch = word % 16 == 0 && (ends & BitOf(word - 16)) != 0;
    return {may_touch ? start : 0, false};
  }
  static uintptr_t HighestIn(const Chunk& chunk, uintptr_t chunk_start,
                             size_t page, size_t parts);
  // No start at or below the word in its part of the page.
  Hit FindFurther(const Chunk& chunk, uintptr_t word) const;
  Chunk* ChunkOf(uintptr_t word) const { return chunks_[word >> kChunkShift]; }
  // NULL: no memory.
  Chunk* AddChunk(uintptr_t chunk_start);
  uintptr_t LongBlockAround(uintptr_t word) const;
  // Of the chunk that is being filled: pages up to `end` have no start.
  void FillBefore(size_t end);

  Chunk** chunks_ = nullptr;
  Before** befores_ = nullptr;      // of the same chunks
  GrowingArray<uintptr_t> filled_;  // the chunks' starts
  GrowingArray<Chunk*> slabs_;      // kChunksAtOnce each
  GrowingArray<LongBlock> long_blocks_;
  uintptr_t lowest_ = 0;  // the first start
  uintptr_t span_ = 0;    // from there past the address after the last block
  size_t page_ = 0;       // of the last start
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_BLOCK_INDEX_H_

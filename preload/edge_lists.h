// edge_lists.h: the records of the sections EDGES and OBJECT_WORDS, as the
// search for references finds them. They come by millions: each is put together
// at once, and what a record leaves out is left out without a branch. A record
// says what the one before it said no more, but at a section's beginning.
// One owner each.
#ifndef HEAPLINE_PRELOAD_EDGE_LISTS_H_
#define HEAPLINE_PRELOAD_EDGE_LISTS_H_

#include <stdint.h>

#include "preload/readable_words.h"
#include "preload/section_writer.h"

namespace heapline {

class EdgeList {
 public:
  explicit EdgeList(SectionWriter* out) : out_(out) {}

  // The word `offset` bytes into the block at `from` points `place` bytes into
  // the block at `to`. REQUIRES: ascending by `from`, then by `offset`.
  void Put(uintptr_t from, uintptr_t offset, uintptr_t to, uintptr_t place) {
    if (out_->MakeRoom(4 * kVarintBytes)) {
      from_ = kNone;
      to_ = 0;
    }
    const bool has_from = from != from_;
    const bool is_interior = place != 0;
    const uint64_t words = (offset - (has_from ? 0 : offset_)) / kWordBytes;
    unsigned char* at = out_->at();
    at = PutVarint(at,
                   words << 2 | (has_from ? 2u : 0u) | (is_interior ? 1u : 0u));
    unsigned char* const behind_from = PutVarint(
        at, (from - (from_ == kNone ? 0 : from_)) >> HL_BLOCK_ALIGNMENT_SHIFT);
    at = has_from ? behind_from : at;
    at = PutZigzag(at,
                   static_cast<int64_t>(to - to_) >> HL_BLOCK_ALIGNMENT_SHIFT);
    unsigned char* const behind_place = PutVarint(at, place);
    out_->EndRecord(is_interior ? behind_place : at);
    ++count_;
    from_ = from;
    offset_ = offset;
    to_ = to;
  }
  uint64_t count() const { return count_; }

 private:
  static constexpr uintptr_t kNone = 1;  // no block starts there

  SectionWriter* out_;
  uintptr_t from_ = kNone;
  uintptr_t offset_ = 0;
  uintptr_t to_ = 0;
  uint64_t count_ = 0;
};

class ObjectWordList {
 public:
  explicit ObjectWordList(SectionWriter* out) : out_(out) {}

  // Word `index` of `block` is an address in a module.
  void PutModule(uintptr_t block, uint64_t index, uintptr_t address) {
    unsigned char* const at = Begin(block, index, HL_WORD_MODULE);
    End(PutZigzag(at, static_cast<int64_t>(address - address_)));
    address_ = address;
  }
  // It is two counts.
  void PutCounts(uintptr_t block, uint64_t index, uintptr_t word) {
    unsigned char* const at = Begin(block, index, HL_WORD_COUNTS);
    End(PutVarint(PutVarint(at, word & 0xffffffff), word >> 32));
  }
  uint64_t count() const { return count_; }

 private:
  unsigned char* Begin(uintptr_t block, uint64_t index, uint64_t kind) {
    if (out_->MakeRoom(4 * kVarintBytes)) {
      block_ = 0;
      address_ = 0;
    }
    const bool has_block = block != block_;
    unsigned char* const at =
        PutVarint(out_->at(), index << 3 | (has_block ? 4u : 0u) | kind);
    unsigned char* const behind_block =
        PutVarint(at, (block - block_) >> HL_BLOCK_ALIGNMENT_SHIFT);
    block_ = block;
    return has_block ? behind_block : at;
  }
  void End(unsigned char* end) {
    out_->EndRecord(end);
    ++count_;
  }

  SectionWriter* out_;
  uintptr_t block_ = 0;
  uintptr_t address_ = 0;
  uint64_t count_ = 0;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_EDGE_LISTS_H_

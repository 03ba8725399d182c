// lookup_batch.h: words on their way to the blocks they point at. Each is
// looked up in two steps, the memory of each asked for long before, so that the
// processor fetches for many words at once; found ones come out in the order
// in which they went in.
//
//   Push … Push ──full──▶ which block lies nearest: all ──▶ is it inside: all
#ifndef HEAPLINE_PRELOAD_LOOKUP_BATCH_H_
#define HEAPLINE_PRELOAD_LOOKUP_BATCH_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/known_blocks.h"

namespace heapline {

// Note: what the caller wants to know of the word when it comes out again.
template <typename Note>
class LookupBatch {
 public:
  explicit LookupBatch(const KnownBlocks& blocks) : blocks_(blocks) {}

  // emit(note, word, start of its block): for words that refer to a block.
  // REQUIRES: blocks.reach().contains(word).
  template <typename Emit>
  __attribute__((always_inline)) void Push(uintptr_t word, const Note& note,
                                           Emit emit) {
    blocks_.Prefetch(word);
    slots_[count_] = {word, note};
    if (__builtin_expect(++count_ == kSlots, 0)) Flush(emit);
  }
  // Not inlined: the loops around it stay in registers.
  template <typename Emit>
  __attribute__((noinline)) void Flush(Emit emit) {
    BlockIndex::Hit hits[kSlots];
    const size_t count = count_;
    for (size_t i = 0; i < count; ++i)
      hits[i] = blocks_.Nearest(slots_[i].word);
    for (size_t i = 0; i < count; ++i) {
      const Slot& slot = slots_[i];
      if (blocks_.Holds(hits[i], slot.word)) {
        emit(slot.note, slot.word, hits[i].start);
      }
    }
    count_ = 0;
  }

 private:
  // As many as are on their way at once, several times; all of it stays in the
  // first cache.
  static constexpr size_t kSlots = 128;

  struct Slot {
    uintptr_t word;
    Note note;
  };

  const KnownBlocks& blocks_;
  Slot slots_[kSlots];
  size_t count_ = 0;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_LOOKUP_BATCH_H_

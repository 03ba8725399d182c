// lookup_ring.h: words on their way to the blocks they point at. Each is looked
// up in two steps, the memory of each asked for some words earlier, so that the
// processor fetches for many words at once; found ones come out in the order
// in which they went in.
//
//   Push ──24 words──▶ which block lies nearest ──24 words──▶ is it inside
#ifndef HEAPLINE_PRELOAD_LOOKUP_RING_H_
#define HEAPLINE_PRELOAD_LOOKUP_RING_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/known_blocks.h"

namespace heapline {

// Note: what the caller wants to know of the word when it comes out again.
template <typename Note>
class LookupRing {
 public:
  explicit LookupRing(const KnownBlocks& blocks) : blocks_(blocks) {}

  // emit(note, word, start of its block): for words that refer to a block.
  // REQUIRES: blocks.reach().contains(word).
  template <typename Emit>
  void Push(uintptr_t word, const Note& note, Emit emit) {
    blocks_.Prefetch(word);
    slots_[pushed_ % kSlots] = {word, {}, note};
    ++pushed_;
    if (pushed_ - looked_ > kStep) Look();
    if (looked_ - emitted_ > kStep) EmitOne(emit);
  }
  template <typename Emit>
  void Flush(Emit emit) {
    while (looked_ < pushed_) Look();
    while (emitted_ < looked_) EmitOne(emit);
  }

 private:
  static constexpr size_t kSlots = 64;
  static constexpr uint64_t kStep = 24;
  static_assert(2 * kStep + 2 <= kSlots, "slots are not reused too early");

  struct Slot {
    uintptr_t word;
    BlockIndex::Hit hit;
    Note note;
  };

  void Look() {
    Slot& slot = slots_[looked_++ % kSlots];
    slot.hit = blocks_.Nearest(slot.word);
  }
  template <typename Emit>
  void EmitOne(Emit emit) {
    const Slot& slot = slots_[emitted_++ % kSlots];
    if (blocks_.Holds(slot.hit, slot.word)) {
      emit(slot.note, slot.word, slot.hit.start);
    }
  }

  const KnownBlocks& blocks_;
  Slot slots_[kSlots];
  uint64_t pushed_ = 0;
  uint64_t looked_ = 0;
  uint64_t emitted_ = 0;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_LOOKUP_RING_H_

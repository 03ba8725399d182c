// stop_slots.h: one slot a thread that a stop has signalled, found by thread
// id. The leader adds slots; each thread finds and answers its own.
//
//   word = number of the stop << 2 | state: a slot of an earlier stop counts
//   as empty, so a signal that comes late finds nothing to answer.
//
// Tables are hashed, doubled when half full (threads already parked keep their
// slot in the older one) and never unmapped: a handler may still look.
// Lock-free for readers; one writer (the leader).
#ifndef HEAPLINE_PRELOAD_STOP_SLOTS_H_
#define HEAPLINE_PRELOAD_STOP_SLOTS_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

enum class SlotState : uint64_t {
  kPending = 1,  // signalled, not answered
  kStopped = 2,
  kHeld = 3  // in the kernel with the signal pending: as good as stopped
};

struct StopSlot {
  uint64_t word;
  // By the leader, before the word.
  int32_t tid;
  uint32_t call_number_plus_1;  // the system call it waited in, or 0
  uintptr_t call_sp;
  uintptr_t call_pc;
  uint64_t ran_ns;     // on a processor, when last looked at
  uint32_t is_forced;  // park even inside a hook
  // By the thread, before its answer (by the leader for one that is held).
  uint32_t flags;  // HL_THREAD_…
  const void* registers;
  uintptr_t sp;
  uintptr_t thread_pointer;
  char name[16];

  static uint64_t WordOf(uint32_t stop, SlotState state) {
    return uint64_t{stop} << 2 | static_cast<uint64_t>(state);
  }
  bool Is(uint32_t stop, SlotState state) const {
    return __atomic_load_n(&word, __ATOMIC_ACQUIRE) == WordOf(stop, state);
  }
  // REQUIRES: the slot belongs to the stop at hand.
  SlotState State() const {
    return static_cast<SlotState>(__atomic_load_n(&word, __ATOMIC_ACQUIRE) & 3);
  }
  bool BelongsTo(uint32_t stop) const {
    return __atomic_load_n(&word, __ATOMIC_ACQUIRE) >> 2 == stop;
  }
  bool Change(uint32_t stop, SlotState from, SlotState to) {
    uint64_t expected = WordOf(stop, from);
    return __atomic_compare_exchange_n(&word, &expected, WordOf(stop, to),
                                       false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
  }
};

// Room for `threads` slots of a new stop. False: no memory. Leader only.
bool PrepareStopSlots(size_t threads);
// The slot of this thread in stop `stop`, or NULL.
StopSlot* FindStopSlot(uint32_t stop, int32_t tid);
// A new slot, state kPending not yet set: the caller fills it in and stores the
// word. NULL: no memory. REQUIRES: there is none for `tid`. Leader only.
StopSlot* AddStopSlot(uint32_t stop, int32_t tid);
// All slots of this stop, in no order: start with *table NULL and *index 0;
// NULL at the end.
struct StopSlotCursor {
  const void* table;
  size_t index;
};
StopSlot* NextStopSlot(uint32_t stop, StopSlotCursor* cursor);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_STOP_SLOTS_H_

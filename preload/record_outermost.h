// record_outermost.h: the common case of record.h, inline in the hooks that a
// program spends its time in: the outermost hook of its thread, no sampling.
// What is rarer goes to record.cc. REQUIRES in all functions: guard == 1. The
// invariants are record.h's.
#ifndef HEAPLINE_PRELOAD_RECORD_OUTERMOST_H_
#define HEAPLINE_PRELOAD_RECORD_OUTERMOST_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/capture.h"
#include "preload/heap_totals.h"
#include "preload/record.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"

namespace heapline {

#define HEAPLINE_ALWAYS_INLINE inline __attribute__((always_inline))

// Makes `slot` that of `node`: what it holds of another one goes to the shared
// counters.
void MakeSlotOf(NodeId node, ThreadState::CounterSlot* slot);
// depth=0: from now on all blocks of the thread go to `node`.
void MakeStackless(ThreadState* thread, NodeId node);

// A block that the table had no room for.
void DropBlock(ThreadState* thread);

// One more allocation charged to `node`, through the thread's write-back cache.
HEAPLINE_ALWAYS_INLINE void CountOnNode(ThreadState* thread, NodeId node,
                                        uint64_t bytes) {
  ThreadState::CounterSlot& slot =
      thread->counters[node & (ThreadState::kCounterEntries - 1)];
  if (__builtin_expect(slot.node != node, 0)) MakeSlotOf(node, &slot);
  slot.count += 1;
  slot.bytes += bytes;
}

// The batch has counted a block that is not one of ThreadState::stackless.
HEAPLINE_ALWAYS_INLINE void TakeOffStackless(ThreadState* thread,
                                             uint64_t bytes) {
  if (__builtin_expect(thread->stackless.node != 0, 0)) {
    thread->stackless.count -= 1;
    thread->stackless.bytes -= bytes;
  }
}

// Until EnterOutermost a stop finds the block there. The compiler keeps the
// order: whoever sees the address sees its size.
HEAPLINE_ALWAYS_INLINE void PublishInFlight(ThreadState* thread,
                                            uintptr_t address,
                                            uint64_t requested_bytes) {
  thread->in_flight.new_bytes = requested_bytes;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  thread->in_flight.new_address = address;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

// The end of an allocation, in flight until then. `is_counted`: in the node's
// counters too.
HEAPLINE_ALWAYS_INLINE void EnterOutermost(ThreadState* thread,
                                           uintptr_t address,
                                           uint64_t requested_bytes,
                                           NodeId node, bool is_counted) {
  const bool is_set =
      tracer.blocks.Set(address, node, requested_bytes, CurrentEpoch());
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  thread->in_flight.new_address = 0;
  if (__builtin_expect(!is_set, 0)) return DropBlock(thread);
  if (is_counted) CountOnNode(thread, node, requested_bytes);
  thread->last_allocation = address;
  CountAllocated(thread, requested_bytes);
  TakeOffStackless(thread, requested_bytes);
  if (__builtin_expect(FlushIsDue(thread), 0)) FlushTotals(thread);
}

// depth=0, from a thread's second block on: what a program pays at least. No
// call in it, so that the hook around it keeps few registers.
enum class Recorded {
  kYes,
  kYesFlushIsDue,
  kNo  // in flight: EnterOutermost is to be called
};
// REQUIRES: node_bits, not 0, is thread->stackless_bits.
HEAPLINE_ALWAYS_INLINE Recorded RecordStackless(ThreadState* thread,
                                                uint64_t node_bits,
                                                uintptr_t address,
                                                uint64_t requested_bytes) {
  PublishInFlight(thread, address, requested_bytes);
  if (__builtin_expect(!tracer.blocks.SetInPlace(
                           address, node_bits, requested_bytes, CurrentEpoch()),
                       0)) {
    return Recorded::kNo;
  }
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  thread->in_flight.new_address = 0;
  thread->last_allocation = address;
  CountAllocated(thread, requested_bytes);
  return FlushIsDue(thread) ? Recorded::kYesFlushIsDue : Recorded::kYes;
}

// REQUIRES: sample=0.
HEAPLINE_ALWAYS_INLINE void RecordOutermost(ThreadState* thread,
                                            uintptr_t address,
                                            uint64_t requested_bytes,
                                            CallerContext caller) {
  PublishInFlight(thread, address, requested_bytes);
  const NodeId node = CaptureStack(thread, caller, CaptureMode::kOutermost);
  EnterOutermost(thread, address, requested_bytes, node, true);
  if (__builtin_expect(tracer.options.depth == 0, 0)) {
    MakeStackless(thread, node);
  }
}

// A free, as far as it needs no call: the hook around it keeps few registers.
enum class Freed {
  kYes,
  kYesFlushIsDue,
  kUncounted,  // gone from the live table, and no more than that
  kUnknown     // the live table does not have it
};
HEAPLINE_ALWAYS_INLINE Freed RecordCommonFree(ThreadState* thread,
                                              uintptr_t address, Entry* entry) {
  if (__builtin_expect(!tracer.blocks.Clear(address, entry), 0)) {
    return Freed::kUnknown;
  }
  if (__builtin_expect(entry->size_field() == Entry::kLargeSize, 0) ||
      thread->last_allocation == address) {
    return Freed::kUncounted;
  }
  CountFreed(thread, entry->size_field());
  if (__builtin_expect(FlushIsDueByFree(thread), 0)) {
    return Freed::kYesFlushIsDue;
  }
  return Freed::kYes;
}
// What RecordCommonFree left to do. False: the block came from the bootstrap
// arena.
bool EndFree(ThreadState* thread, uintptr_t address, Entry entry, Freed freed);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_RECORD_OUTERMOST_H_

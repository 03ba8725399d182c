#include "preload/record.h"

#include "heapline/snapshot_format.h"
#include "preload/hook.h"
#include "preload/program_notes.h"
#include "preload/record_outermost.h"
#include "preload/reentry.h"
#include "preload/sampling.h"
#include "preload/trigger.h"

namespace heapline {
namespace {

// The node for a new block in any case; *is_counted says whether totals by
// node include it: with sampling they hold the sampled blocks only.
NodeId NodeForAllocation(ThreadState* thread, uint64_t bytes,
                         CallerContext caller, bool* is_counted) {
  const uint64_t mean = tracer.options.sample;
  const bool is_nested = thread->guard != 1;
  if (__builtin_expect(mean != 0, 0)) {
    if (is_nested ? false : !IsSampled(thread, bytes, mean)) {
      *is_counted = false;
      return kUnsampledNode;
    }
  }
  *is_counted = true;
  return CaptureStack(
      thread, caller,
      is_nested ? CaptureMode::kNested : CaptureMode::kOutermost);
}

void SubtractFreed(ThreadState* thread, uint64_t bytes) {
  if (__builtin_expect(thread->guard == 1, 1)) {
    CountFreed(thread, bytes);
  } else {
    CountSharedFreed(bytes);
  }
}

// A free of what the live table does not know. False: the bootstrap arena's.
bool FreeUnknown(ThreadState* thread, uintptr_t address) {
  if (IsBootstrapBlock(reinterpret_cast<void*>(address))) return false;
  // Not ours: allocated before tracing, while it was off, or by another
  // allocator.
  if (thread->guard == 1) thread->foreign_frees += 1;
  return true;
}

// The thread frees what it allocated last, charged to `node`.
void NoteTemporary(ThreadState* thread, NodeId node) {
  thread->last_allocation = 0;
  thread->temporary_count += 1;
  if (thread->stackless.node == node) {
    thread->stackless.temporary += 1;
    return;
  }
  if (node == kUnsampledNode) return;
  ThreadState::CounterSlot& slot =
      thread->counters[node & (ThreadState::kCounterEntries - 1)];
  if (slot.node == node) {
    slot.temporary += 1;
  } else {
    AddToCounters(node, {0, 0, 1});
  }
}

// REQUIRES: guard == 1; the live table has forgotten the block.
void CountOutermostFree(ThreadState* thread, uintptr_t address, Entry entry) {
  CountFreed(thread, tracer.blocks.SizeOf(address, entry));
  if (thread->last_allocation == address) NoteTemporary(thread, entry.node());
  if (__builtin_expect(FlushIsDueByFree(thread), 0)) FlushTotals(thread);
}

// Makes ThreadState::stackless that of `node`.
void ChangeStackless(ThreadState* thread, NodeId node) {
  ThreadState::CounterSlot& slot = thread->stackless;
  const uint64_t batch_count = TotalCountDelta(thread);
  const uint64_t batch_bytes = thread->total_bytes;
  slot.count += batch_count;
  slot.bytes += batch_bytes;
  MakeSlotOf(node, &slot);
  slot.count -= batch_count;
  slot.bytes -= batch_bytes;
}

// By a hook inside another: through the shared tables alone.
__attribute__((noinline)) void RecordNested(ThreadState* thread,
                                            uintptr_t address,
                                            uint64_t requested_bytes,
                                            CallerContext caller) {
  bool is_counted;
  const NodeId node =
      NodeForAllocation(thread, requested_bytes, caller, &is_counted);
  if (!tracer.blocks.Set(address, node, requested_bytes, CurrentEpoch())) {
    return DropBlock(thread);
  }
  if (is_counted) AddToCounters(node, {1, requested_bytes, 0});
  CountSharedAllocated(requested_bytes);
}

}  // namespace

void MakeSlotOf(NodeId node, ThreadState::CounterSlot* slot) {
  if (slot->node != 0) {
    AddToCounters(slot->node, {slot->count, slot->bytes, slot->temporary});
  }
  *slot = {node, 0, 0, 0};
}

void MakeStackless(ThreadState* thread, NodeId node) {
  if (node == kDroppedNode) return;
  if (thread->stackless.node != node) ChangeStackless(thread, node);
  // Whoever changes the name later takes it back; before: it is seen here.
  thread->stackless_bits.StoreFirst(Entry::NodeBits(node));
  if (thread->name_changed) thread->stackless_bits = 0;
}

bool EndFree(ThreadState* thread, uintptr_t address, Entry entry, Freed freed) {
  if (freed == Freed::kUnknown) return FreeUnknown(thread, address);
  if (freed == Freed::kUncounted) {
    CountOutermostFree(thread, address, entry);
  } else {
    FlushTotals(thread);
  }
  return true;
}

void NoteDropped() {
  __atomic_add_fetch(&tracer.dropped_blocks, 1, __ATOMIC_RELAXED);
  __atomic_or_fetch(&tracer.incomplete, HL_INCOMPLETE_DROPPED,
                    __ATOMIC_RELAXED);
}

void DropBlock(ThreadState* thread) {
  NoteDropped();
  if (thread->guard == 1) LookAtRefusal();
}

void RecordAllocation(ThreadState* thread, uintptr_t address,
                      uint64_t requested_bytes, CallerContext caller) {
  if (__builtin_expect(thread->guard != 1, 0)) {
    return RecordNested(thread, address, requested_bytes, caller);
  }
  PublishInFlight(thread, address, requested_bytes);
  bool is_counted;
  const NodeId node =
      NodeForAllocation(thread, requested_bytes, caller, &is_counted);
  EnterOutermost(thread, address, requested_bytes, node, is_counted);
}

bool RecordFree(ThreadState* thread, uintptr_t address) {
  const Entry entry = tracer.blocks.Clear(address);
  if (!entry.is_live()) return FreeUnknown(thread, address);
  if (__builtin_expect(thread->guard == 1, 1)) {
    CountOutermostFree(thread, address, entry);
  } else {
    CountSharedFreed(tracer.blocks.SizeOf(address, entry));
  }
  return true;
}

ReallocRecord BeginRealloc(ThreadState* thread, uintptr_t address) {
  const Entry entry = tracer.blocks.Find(address);
  const uint64_t bytes =
      entry.is_live() ? tracer.blocks.SizeOf(address, entry) : 0;
  if (thread->guard == 1 && entry.is_live()) {
    thread->in_flight.old_bytes = bytes;
    thread->in_flight.old_node = entry.node();
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    thread->in_flight.old_address = address;
  }
  if (entry.is_live()) tracer.blocks.Clear(address);
  return {entry, bytes};
}

void UndoRealloc(ThreadState* thread, uintptr_t address,
                 const ReallocRecord& record) {
  if (record.entry.is_live()) {
    // The leaf is there: the entry stood in it.
    tracer.blocks.Set(address, record.entry.node(), record.bytes,
                      record.entry.epoch());
  }
  thread->in_flight.old_address = 0;
}

void FinishRealloc(ThreadState* thread, const ReallocRecord& record,
                   uintptr_t new_address, uint64_t requested_bytes,
                   CallerContext caller) {
  if (thread->guard == 1) thread->in_flight.old_address = 0;
  if (record.entry.is_live()) {
    SubtractFreed(thread, record.bytes);
  } else if (thread->guard == 1) {
    thread->foreign_frees += 1;
  }
  if (new_address != 0 && CurrentMode() == Mode::kTracing) {
    RecordAllocation(thread, new_address, requested_bytes, caller);
  }
}

void RecordPoolAllocation(ThreadState* thread, uintptr_t address,
                          uint64_t requested_bytes, CallerContext caller) {
  bool is_counted;
  const NodeId node =
      NodeForAllocation(thread, requested_bytes, caller, &is_counted);
  if (!pool_blocks.Set(address, node, requested_bytes, CurrentEpoch())) {
    return DropBlock(thread);
  }
  if (thread->guard != 1) {
    if (is_counted) AddToCounters(node, {1, requested_bytes, 0});
    CountSharedTotals(requested_bytes);
    return;
  }
  if (is_counted) CountOnNode(thread, node, requested_bytes);
  thread->last_allocation = address;
  CountPoolAllocated(thread, requested_bytes);
  TakeOffStackless(thread, requested_bytes);
}

void RecordPoolFree(ThreadState* thread, uintptr_t address) {
  const Entry entry = pool_blocks.Clear(address);
  if (!entry.is_live() || thread->guard != 1) return;
  if (thread->last_allocation == address) NoteTemporary(thread, entry.node());
}

void ForgetBlock(uintptr_t address) {
  const Entry entry = tracer.blocks.Clear(address);
  if (entry.is_live()) CountSharedFreed(tracer.blocks.SizeOf(address, entry));
}

void EnterInFlightBlocks(ThreadState* thread) {
  tracer.counters_may_drift = true;
  const InFlight in_flight = thread->in_flight;
  thread->in_flight = InFlight{};
  if (in_flight.old_address != 0 &&
      !tracer.blocks.Find(in_flight.old_address).is_live()) {
    tracer.blocks.Set(in_flight.old_address, in_flight.old_node,
                      in_flight.old_bytes, CurrentEpoch());
  }
  if (in_flight.new_address != 0 &&
      !tracer.blocks.Find(in_flight.new_address).is_live() &&
      tracer.blocks.Set(in_flight.new_address, HL_SPECIAL_UNKNOWN,
                        in_flight.new_bytes, CurrentEpoch())) {
    CountSharedAllocated(in_flight.new_bytes);
  }
}

void MergeThreadCounters() {
  for (ThreadState* thread = FirstThreadState(); thread != nullptr;
       thread = thread->next) {
    for (ThreadState::CounterSlot& slot : thread->counters) {
      MakeSlotOf(0, &slot);
    }
    ChangeStackless(thread, 0);
    thread->stackless_bits = 0;
  }
}

ThreadState* EnterHookSlowly(uintptr_t frame) {
  Mode mode = CurrentMode();
  if (mode == Mode::kUnset) {
    StartTracer();
    mode = CurrentMode();
  }
  if (mode != Mode::kTracing && mode != Mode::kForwarding) return nullptr;
  if (IsUnannouncedForkCopy()) {
    BecomeForkedProcess();
    mode = CurrentMode();
    if (mode == Mode::kAside) return nullptr;
  }
  ThreadState* thread = current_thread;
  if (thread == nullptr) {
    thread = AttachThread();
    if (thread == nullptr) {
      NoteDropped();
      return nullptr;
    }
  }
  if (thread->guard != 0) {
    switch (FindReentry(*thread, frame)) {
      case Reentry::kByHandler:
        break;
      case Reentry::kNone:
        EnterInFlightBlocks(thread);
        thread->guard = 0;
        thread->in_next = 0;
        thread->unrecorded = 0;
        break;
      default:
        if (thread->in_next != 0 && !tracer.next_is_libc) return nullptr;
        break;
    }
    if (thread->unrecorded != 0) return nullptr;
  }
  if (thread->guard == 0) thread->guard_frame = frame;
  thread->guard = thread->guard + 1;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  return thread;
}

}  // namespace heapline

// record.h: one allocation or one free, entered into totals, call tree,
// counters and live table. The order inside is the table's invariant: a block
// is entered after the real malloc returned and cleared before the real free is
// called. REQUIRES in all functions: `thread` is the caller's own and its guard
// is taken. Lock-free; async-signal-safe.
#ifndef HEAPLINE_PRELOAD_RECORD_H_
#define HEAPLINE_PRELOAD_RECORD_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/bootstrap.h"
#include "preload/capture.h"
#include "preload/heap_totals.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"

namespace heapline {

void RecordAllocation(ThreadState* thread, uintptr_t address,
                      uint64_t requested_bytes, CallerContext caller);

// Clears the block. False: it came from the bootstrap arena.
bool RecordFree(ThreadState* thread, uintptr_t address);

// realloc in two phases. Begin clears the old block and publishes it as in
// flight; exactly one of the others follows.
struct ReallocRecord {
  Entry entry;
  uint64_t bytes;
};
ReallocRecord BeginRealloc(ThreadState* thread, uintptr_t address);
// The real call failed: the old block lives on as it was.
void UndoRealloc(ThreadState* thread, uintptr_t address,
                 const ReallocRecord& record);
// The real call succeeded; new_address 0: it only freed.
void FinishRealloc(ThreadState* thread, const ReallocRecord& record,
                   uintptr_t new_address, uint64_t requested_bytes,
                   CallerContext caller);

// The same for blocks of the program's own pools. They count in the totals ever
// allocated, not in current and peak: the heap blocks around them do.
void RecordPoolAllocation(ThreadState* thread, uintptr_t address,
                          uint64_t requested_bytes, CallerContext caller);
void RecordPoolFree(ThreadState* thread, uintptr_t address);

// Without a thread's state (no memory for it): the table alone is kept true.
void ForgetBlock(uintptr_t address);

// An allocation or region was not recorded for want of room.
void NoteDropped();

// Enters what a thread held in its hands when it left the hook for good: the
// thread is gone, or jumped out. How far its counting had come nobody knows.
void EnterInFlightBlocks(ThreadState* thread);

// Moves every thread's cached node counters into the shared ones. REQUIRES:
// nobody else runs (the snapshot's child, or a stopped process).
void MergeThreadCounters();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_RECORD_H_

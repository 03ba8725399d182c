// heap_totals.h: the process's current and peak bytes and blocks. Threads
// batch their changes and flush at min(64 KiB, 1/256 of live bytes), so the
// shared counters lag by at most threads × that; the peak's error bound is
// stated in every snapshot. At a cut the exact totals are shared + all
// batches. Thread-safe: relaxed atomics.
//
// A flush is the shim's slow path: triggers (growth, above, near_limit, peak,
// requests in the control page) and the epoch are looked at there and nowhere
// else on the allocation path.
#ifndef HEAPLINE_PRELOAD_HEAP_TOTALS_H_
#define HEAPLINE_PRELOAD_HEAP_TOTALS_H_

#include <stdint.h>

#include "preload/thread_state.h"
#include "preload/tracer.h"

namespace heapline {

struct HeapTotals {
  int64_t live_bytes;
  int64_t live_count;
  int64_t peak_bytes;
  uint64_t total_bytes;
  uint64_t total_count;
  uint64_t temporary_count;  // these three at a cut only
  uint64_t foreign_frees;
  uint64_t truncated_stacks;
};

// As flushed so far: cheap, may lag.
HeapTotals TotalsNow();
// Shared counters plus every thread's batch. Exact when all stand still.
HeapTotals TotalsAtCut();
// How far the peak may be too low.
uint64_t PeakErrorBytes();
void ResetPeak();

// Moves the thread's batch into the shared counters, raises the peak, then
// runs the slow path. `thread` is the caller's own, guard == 1, and its tables
// are consistent: a snapshot may be cut from here.
void FlushTotals(ThreadState* thread);

// For hooks that a signal handler runs inside another hook: straight into the
// shared counters, because the thread's own batch may be half written.
void CountSharedAllocated(uint64_t bytes);
void CountSharedFreed(uint64_t bytes);
void CountSharedTotals(uint64_t bytes);  // a pool block: not live by itself

// A batch is flushed when its live bytes have gone far enough up or down; also
// after kFlushAllocations allocations that cancelled out, so that requests and
// the clock are looked at by programs whose heap neither grows nor shrinks.
inline constexpr int64_t kFlushAllocations = 2048;

// An empty batch, to be flushed at +-`bytes`.
inline void BeginBatch(ThreadState* thread, uint64_t bytes) {
  thread->total_bytes = 0;
  thread->allocations_left = kFlushAllocations;
  thread->freed_count = 0;
  thread->biased_live = bytes;
  thread->flush_at = bytes;
  thread->flush_span = 2 * bytes;
}
inline void CountAllocated(ThreadState* thread, uint64_t bytes) {
  thread->total_bytes += bytes;
  thread->biased_live += bytes;
  thread->allocations_left -= 1;
}
inline void CountFreed(ThreadState* thread, uint64_t bytes) {
  thread->freed_count += 1;
  thread->biased_live -= bytes;
}
// Whether FlushTotals is due, after an allocation: one comparison tells of both
// directions, as frees may have left it to us.
inline bool FlushIsDue(const ThreadState* thread) {
  return thread->biased_live > thread->flush_span ||
         thread->allocations_left <= 0;
}
// The same after a free, by live bytes alone: they only fall.
inline bool FlushIsDueByFree(const ThreadState* thread) {
  return static_cast<int64_t>(thread->biased_live) < 0;
}
inline void CountPoolAllocated(ThreadState* thread, uint64_t bytes) {
  thread->total_bytes += bytes;
  thread->allocations_left -= 1;
  thread->freed_count += 1;
}
// What the thread's batch adds to the totals.
inline uint64_t TotalCountDelta(const ThreadState* thread) {
  return static_cast<uint64_t>(kFlushAllocations - thread->allocations_left);
}
inline int64_t LiveBytesDelta(const ThreadState* thread) {
  return static_cast<int64_t>(thread->biased_live - thread->flush_at);
}
inline int64_t LiveCountDelta(const ThreadState* thread) {
  return static_cast<int64_t>(TotalCountDelta(thread) - thread->freed_count);
}

// The epoch that blocks are born in: bumped at each cut and about each second
// (interval max(1 s, uptime / 2048), so 16 bits are never used up).
inline Epoch CurrentEpoch() {
  return __atomic_load_n(&tracer.epoch, __ATOMIC_RELAXED);
}
void AdvanceEpoch(uint64_t monotonic_ns, uint64_t snapshot_sequence_plus_1);
struct EpochRecord {
  uint64_t started_ns;  // since process start
  uint64_t snapshot_sequence_plus_1;
};
const EpochRecord& EpochAt(Epoch epoch);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_HEAP_TOTALS_H_

#include "preload/heap_totals.h"

#include "preload/clock.h"
#include "preload/control.h"
#include "preload/snapshot.h"
#include "preload/tracer.h"
#include "preload/trigger.h"

namespace heapline {
namespace {

// Shared counters: what threads have flushed, and what nested hooks add.
struct Shared {
  int64_t live_bytes;
  int64_t live_count;
  int64_t peak_bytes;
  uint64_t total_bytes;
  uint64_t total_count;
};
Shared shared __attribute__((aligned(64)));

constexpr int64_t kMaxFlushBytes = 64 << 10;
constexpr int64_t kMinFlushBytes = 512;

// Largest batch any thread may hold back since the last peak reset, for the
// error bound.
int64_t largest_batch;

constexpr uint64_t kSecondNs = 1000000000u;
constexpr size_t kMaxEpochs = 1u << 16;
EpochRecord epochs[kMaxEpochs];  // 1 MiB of .bss, touched as epochs pass
uint64_t next_epoch_ns;

template <typename T>
T Load(const T* word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}

void RaisePeak(int64_t live_bytes) {
  int64_t peak = Load(&shared.peak_bytes);
  while (live_bytes > peak && !__atomic_compare_exchange_n(
                                  &shared.peak_bytes, &peak, live_bytes, true,
                                  __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

int64_t BatchFor(int64_t live_bytes) {
  int64_t batch = live_bytes / 256;
  if (batch > kMaxFlushBytes) batch = kMaxFlushBytes;
  return batch < kMinFlushBytes ? kMinFlushBytes : batch;
}

void TickEpoch(uint64_t now) {
  const uint64_t due = Load(&next_epoch_ns);
  if (now < due) return;
  const uint64_t uptime = now - tracer.start_ns;
  const uint64_t step = uptime / 2048 > kSecondNs ? uptime / 2048 : kSecondNs;
  uint64_t expected = due;
  if (!__atomic_compare_exchange_n(&next_epoch_ns, &expected, now + step, false,
                                   __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    return;  // another thread ticks
  }
  if (due != 0) AdvanceEpoch(now, 0);
}

}  // namespace

HeapTotals TotalsNow() {
  HeapTotals totals = {};
  totals.live_bytes = Load(&shared.live_bytes);
  totals.live_count = Load(&shared.live_count);
  totals.peak_bytes = Load(&shared.peak_bytes);
  if (totals.peak_bytes < totals.live_bytes) {
    totals.peak_bytes = totals.live_bytes;
  }
  totals.total_bytes = Load(&shared.total_bytes);
  totals.total_count = Load(&shared.total_count);
  return totals;
}

HeapTotals TotalsAtCut() {
  HeapTotals totals = TotalsNow();
  for (const ThreadState* thread = FirstThreadState(); thread != nullptr;
       thread = thread->next) {
    totals.live_bytes += LiveBytesDelta(thread);
    totals.live_count += LiveCountDelta(thread);
    totals.total_bytes += thread->total_bytes;
    totals.total_count += TotalCountDelta(thread);
    totals.temporary_count += thread->temporary_count;
    totals.foreign_frees += thread->foreign_frees;
    totals.truncated_stacks += thread->truncated_stacks;
  }
  if (totals.peak_bytes < totals.live_bytes) {
    totals.peak_bytes = totals.live_bytes;
  }
  return totals;
}

uint64_t PeakErrorBytes() {
  uint64_t threads = 0;
  for (const ThreadState* thread = FirstThreadState(); thread != nullptr;
       thread = thread->next) {
    ++threads;
  }
  const int64_t batch = Load(&largest_batch);
  return threads * static_cast<uint64_t>(batch);
}

void ResetPeak() {
  __atomic_store_n(&shared.peak_bytes, Load(&shared.live_bytes),
                   __ATOMIC_RELAXED);
  __atomic_store_n(&largest_batch, BatchFor(Load(&shared.live_bytes)),
                   __ATOMIC_RELAXED);
}

void FlushTotals(ThreadState* thread) {
  const int64_t live_bytes = __atomic_add_fetch(
      &shared.live_bytes, LiveBytesDelta(thread), __ATOMIC_RELAXED);
  __atomic_add_fetch(&shared.live_count, LiveCountDelta(thread),
                     __ATOMIC_RELAXED);
  __atomic_add_fetch(&shared.total_bytes, thread->total_bytes,
                     __ATOMIC_RELAXED);
  __atomic_add_fetch(&shared.total_count, TotalCountDelta(thread),
                     __ATOMIC_RELAXED);
  RaisePeak(live_bytes);
  thread->stackless.count += TotalCountDelta(thread);
  thread->stackless.bytes += thread->total_bytes;
  const int64_t batch = BatchFor(live_bytes);
  BeginBatch(thread, static_cast<uint64_t>(batch));
  if (batch > Load(&largest_batch)) {
    __atomic_store_n(&largest_batch, batch, __ATOMIC_RELAXED);
  }
  const uint64_t now = CoarseMonotonicNs();
  TickEpoch(now);
  RefreshControlPage(now);
  LookAtThresholds(live_bytes, now);
  AnswerRequest(nullptr);
  ReapWriter();
}

void CountSharedAllocated(uint64_t bytes) {
  __atomic_add_fetch(&shared.live_bytes, static_cast<int64_t>(bytes),
                     __ATOMIC_RELAXED);
  __atomic_add_fetch(&shared.live_count, 1, __ATOMIC_RELAXED);
  CountSharedTotals(bytes);
}

void CountSharedTotals(uint64_t bytes) {
  __atomic_add_fetch(&shared.total_bytes, bytes, __ATOMIC_RELAXED);
  __atomic_add_fetch(&shared.total_count, 1, __ATOMIC_RELAXED);
}

void CountSharedFreed(uint64_t bytes) {
  __atomic_sub_fetch(&shared.live_bytes, static_cast<int64_t>(bytes),
                     __ATOMIC_RELAXED);
  __atomic_sub_fetch(&shared.live_count, 1, __ATOMIC_RELAXED);
}

void AdvanceEpoch(uint64_t monotonic_ns, uint64_t snapshot_sequence_plus_1) {
  const uint32_t epoch = Load(&tracer.epoch) + 1u;
  // The last epoch never ends: 16 bits hold weeks of ticks and tens of
  // thousands of cuts, and a wrap would make young blocks old.
  if (epoch >= kMaxEpochs) return;
  epochs[epoch].started_ns = monotonic_ns - tracer.start_ns;
  epochs[epoch].snapshot_sequence_plus_1 = snapshot_sequence_plus_1;
  __atomic_store_n(&tracer.epoch, static_cast<Epoch>(epoch), __ATOMIC_RELEASE);
}

const EpochRecord& EpochAt(Epoch epoch) { return epochs[epoch]; }

}  // namespace heapline

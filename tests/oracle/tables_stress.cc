// The shim's tables under many threads, without any interposition: what the
// hooks do is done here by hand, so that ThreadSanitizer (and, built anew,
// AddressSanitizer and UBSan) can watch every access to live table, call tree,
// totals, thread states, caches, sampling, pools, and a cut over all of them.
//
//   tables_stress THREADS OPERATIONS [FOLDER]
//
// The options are those of HEAPLINE_OPTIONS; FOLDER gets the snapshots. Threads
// allocate, reallocate and free, also each other's blocks, in stacks that make
// the tree grow, some nested as in a signal handler; some live shortly, so that
// states are taken over. Cuts stop the others at the end of their hooks and
// write in place, all as in a program whose reserved signal is taken.
//
// Threads that are stopped have a state; main, which starts and ends threads,
// has none. Nobody starts or ends while a cut is under way (lives): a thread
// being born would be stopped by the signal that is not used here.
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "preload/call_tree.h"
#include "preload/capture.h"
#include "preload/clock.h"
#include "preload/heap_totals.h"
#include "preload/hook.h"
#include "preload/lifecycle.h"
#include "preload/modules.h"
#include "preload/process_facts.h"
#include "preload/program_notes.h"
#include "preload/readable_memory.h"
#include "preload/record.h"
#include "preload/snapshot.h"
#include "preload/sys.h"
#include "preload/tracer.h"

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#define HEAPLINE_HAPPENS_AFTER(clock) __tsan_acquire(clock)
#define HEAPLINE_HAPPENS_BEFORE(clock) __tsan_release(clock)
#else
#define HEAPLINE_HAPPENS_AFTER(clock) static_cast<void>(clock)
#define HEAPLINE_HAPPENS_BEFORE(clock) static_cast<void>(clock)
#endif

#define HEAPLINE_NOINLINE __attribute__((noinline))

namespace heapline {

// All that a dead thread did happens before the kernel says that it is dead, or
// gives its number to another one; the sanitizer is told so here.
char deaths;

// In place of clock.cc. Sanitizers slow down everything but the clock: the
// tracer's patience with a thread that does not stop must last as long as it
// would without them.
void InitializeClock(uintptr_t) {}
uint64_t MonotonicNs() {
  constexpr uint64_t kSlowness = 100;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (static_cast<uint64_t>(now.tv_sec) * 1000000000 +
          static_cast<uint64_t>(now.tv_nsec)) /
         kSlowness;
}
uint64_t CoarseMonotonicNs() { return MonotonicNs(); }
uint64_t RealtimeNs() { return MonotonicNs(); }

// Nothing fails here.
long sys::InjectedFault(long) { return 0; }

long sys::Call(long number, long a, long b, long c, long d, long e, long f) {
  constexpr long kNoSuchThread = -3;  // -ESRCH
  constexpr long kNoSuchFile = -2;    // -ENOENT
  // The sanitizer must know which memory is new.
  if (number == SYS_mmap) {
    void* memory =
        mmap(reinterpret_cast<void*>(a), static_cast<size_t>(b),
             static_cast<int>(c), static_cast<int>(d), static_cast<int>(e), f);
    return memory == MAP_FAILED ? -12 : reinterpret_cast<long>(memory);
  }
  if (number == SYS_munmap) {
    return munmap(reinterpret_cast<void*>(a), static_cast<size_t>(b));
  }
  // The sanitizer has a thread of its own, which would not stop: without the
  // list of threads those that have allocated are stopped.
  if (number == SYS_openat && __builtin_strcmp(reinterpret_cast<const char*>(b),
                                               "/proc/self/task") == 0) {
    return kNoSuchFile;
  }
  const long result = RawCall(number, a, b, c, d, e, f);
  if (number == SYS_gettid ||
      (number == SYS_tgkill && result == kNoSuchThread)) {
    HEAPLINE_HAPPENS_AFTER(&deaths);
  }
  return result;
}

namespace {

constexpr int kMaxThreads = 64;
constexpr int kShortLived = 2;
constexpr int kSlots = 256;
constexpr int kShared = 64;  // blocks on the way from thread to thread
constexpr int kDeepest = 10;

struct Worker {
  uint64_t random;
  uint64_t operations;
  // Outside blocks: what it holds at its end.
  int64_t held_bytes;
  int64_t held_count;
  std::atomic<bool> has_begun;
  std::atomic<bool> is_done;
  std::atomic<bool> may_end;
  pthread_t thread;
};

struct Held {
  void* block;
  size_t bytes;
};

std::mutex lives;  // nobody begins or ends while it is held
Worker workers[kMaxThreads];
std::atomic<Held*> handed_over[kShared];
alignas(16) char pool[kMaxThreads][1024];
std::atomic<int64_t> lost_snapshots;

[[noreturn]] void Fail(const char* what) {
  fprintf(stderr, "tables_stress: %s\n", what);
  _Exit(1);
}

uint64_t Next(Worker* worker) {
  uint64_t& x = worker->random;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return x >> 8;
}

// ---- What interpose.cc does.

HEAPLINE_NOINLINE void* Malloc(size_t bytes) {
  Hook hook(__builtin_frame_address(0));
  void* block = hook.Forward(malloc, Asked(bytes));
  hook.Allocated(block, bytes, HEAPLINE_CALLER_CONTEXT());
  return block;
}

HEAPLINE_NOINLINE void Free(void* block) {
  Hook hook(__builtin_frame_address(0));
  if (!hook.Freeing(block)) Fail("a block of nobody's was freed");
  hook.Forward(free, block);
}

// Refused where `bytes` is 0.
HEAPLINE_NOINLINE void* Realloc(void* block, size_t bytes) {
  Hook hook(__builtin_frame_address(0));
  if (!hook.is_active()) Fail("no memory for a thread's state");
  const ReallocRecord record =
      BeginRealloc(hook.thread(), reinterpret_cast<uintptr_t>(block));
  if (bytes == 0) {
    UndoRealloc(hook.thread(), reinterpret_cast<uintptr_t>(block), record);
    return nullptr;
  }
  void* moved = hook.Forward(realloc, block, Asked(bytes));
  FinishRealloc(hook.thread(), record, reinterpret_cast<uintptr_t>(moved),
                bytes, HEAPLINE_CALLER_CONTEXT());
  return moved;
}

// A signal handler that allocates and frees, inside a hook.
HEAPLINE_NOINLINE void* MallocInterrupted(size_t bytes) {
  Hook hook(__builtin_frame_address(0));
  void* block = hook.Forward([bytes] {
    void* of_handler = Malloc(bytes / 2 + 1);
    void* result = malloc(Asked(bytes));
    Free(of_handler);
    return result;
  });
  hook.Allocated(block, bytes, HEAPLINE_CALLER_CONTEXT());
  return block;
}

HEAPLINE_NOINLINE void UsePool(Worker* worker) {
  const uintptr_t block = reinterpret_cast<uintptr_t>(
      &pool[worker - workers][Next(worker) % 64 * 16]);
  Hook hook(__builtin_frame_address(0));
  if (!hook.is_active()) return;
  RecordPoolAllocation(hook.thread(), block, 16, HEAPLINE_CALLER_CONTEXT());
  RecordPoolFree(hook.thread(), block);
}

// ---- Stacks: four ways down at each level.

using Leaf = void* (*)(size_t bytes);
void* Descend(uint64_t path, int depth, Leaf leaf, size_t bytes);
// The result is used after the call, so that the frame stays.
#define HEAPLINE_WAY(name)                                          \
  HEAPLINE_NOINLINE void* name(uint64_t path, int depth, Leaf leaf, \
                               size_t bytes) {                      \
    void* volatile result = Descend(path, depth, leaf, bytes);      \
    return result;                                                  \
  }
HEAPLINE_WAY(North)
HEAPLINE_WAY(East)
HEAPLINE_WAY(South)
HEAPLINE_WAY(West)
#undef HEAPLINE_WAY

HEAPLINE_NOINLINE void* Descend(uint64_t path, int depth, Leaf leaf,
                                size_t bytes) {
  void* volatile result;
  if (depth == 0) {
    result = leaf(bytes);
    return result;
  }
  using Way = void* (*)(uint64_t path, int depth, Leaf leaf, size_t bytes);
  static constexpr Way kWays[] = {North, East, South, West};
  result = kWays[path % 4](path / 4, depth - 1, leaf, bytes);
  return result;
}

void* AllocateSomewhere(Worker* worker, size_t bytes) {
  const uint64_t path = Next(worker);
  const int depth = static_cast<int>(Next(worker) % kDeepest);
  const Leaf leaf = Next(worker) % 16 == 0 ? MallocInterrupted : Malloc;
  return Descend(path, depth, leaf, bytes);
}

// ---- A worker.

void Cut() {
  SnapshotRequest request = {};
  request.reason = Reason::kApi;
  request.never_clone = true;
  request.wait_until_written = true;
  if (CutSnapshot(request) != SnapshotResult::kCut) ++lost_snapshots;
}

size_t RandomBytes(Worker* worker) {
  const uint64_t kind = Next(worker) % 512;
  if (kind == 0) return (1 << 20) + Next(worker) % (1 << 20);
  return 1 + Next(worker) % 2000;
}

void HandOver(Worker* worker, Held* slot) {
  Held* mine = new Held(*slot);
  Held* other = handed_over[Next(worker) % kShared].exchange(mine);
  *slot = {};
  if (other == nullptr) return;
  Free(other->block);
  delete other;
}

void Step(Worker* worker, Held* slot) {
  const uint64_t choice = Next(worker) % 64;
  if (slot->block == nullptr) {
    slot->bytes = RandomBytes(worker);
    slot->block = AllocateSomewhere(worker, slot->bytes);
  } else if (choice < 24) {
    Free(slot->block);
    *slot = {};
  } else if (choice < 40) {
    const size_t bytes = RandomBytes(worker);
    slot->block = Realloc(slot->block, bytes);
    slot->bytes = bytes;
  } else if (choice < 42) {
    if (Realloc(slot->block, 0) != nullptr) Fail("realloc to 0");
  } else if (choice < 50) {
    HandOver(worker, slot);
  } else if (choice < 52) {
    UsePool(worker);
  }
}

void MaybeCut(Worker* worker, uint64_t operation) {
  if (operation % 4096 != 4095 || worker->operations < 4096) return;
  // Who holds it may be waiting for this very thread to stop.
  if (!lives.try_lock()) return;
  Cut();
  lives.unlock();
}

void* Run(void* argument) {
  Worker* worker = static_cast<Worker*>(argument);
  Held held[kSlots] = {};
  Free(Malloc(1));
  worker->has_begun = true;
  for (uint64_t i = 0; i < worker->operations; ++i) {
    Step(worker, &held[Next(worker) % kSlots]);
    MaybeCut(worker, i);
  }
  worker->is_done = true;
  // A thread that did nothing could not be stopped.
  while (!worker->may_end) Free(Malloc(1));
  for (const Held& slot : held) {
    if (slot.block == nullptr) continue;
    worker->held_count += 1;
    worker->held_bytes += static_cast<int64_t>(slot.bytes);
  }
  HEAPLINE_HAPPENS_BEFORE(&deaths);
  return nullptr;
}

void Begin(Worker* worker, uint64_t seed, uint64_t operations) {
  worker->random = seed * 0x9e3779b97f4a7c15 | 1;
  worker->operations = operations;
  worker->has_begun = worker->is_done = worker->may_end = false;
  if (pthread_create(&worker->thread, nullptr, Run, worker) != 0) {
    Fail("pthread_create");
  }
  while (!worker->has_begun) sched_yield();
}

void End(Worker* worker) {
  worker->may_end = true;
  pthread_join(worker->thread, nullptr);
}

// ---- The process.

// As lifecycle.cc's Start would, which has stepped aside from a sanitizer.
void SetUp(const char* folder) {
  NoteOutputPath(folder);
  InitializeReadableMemory();
  if (!tracer.blocks.Initialize() || !InitializeModules() ||
      !InitializeCallTree() || !InitializeCapture() || !InitializePools()) {
    Fail("no memory for the tables");
  }
  tracer.next_is_libc = true;  // so that nested calls are recorded
  tracer.min_request = 32;     // a sanitizer's blocks lie closer than libc's
  tracer.options.quiet = false;
  SetMode(Mode::kTracing);
}

// What `heapline status` and a program's own questions read meanwhile.
void LookAtTotals(uint64_t turn) {
  const HeapTotals totals = TotalsNow();
  if (totals.peak_bytes < totals.live_bytes) Fail("a peak below the present");
  if (PeakErrorBytes() > uint64_t{1} << 40 || MappedPageBytes() == 0) {
    Fail("impossible totals");
  }
  if (turn % 16 == 0) ResetPeak();
}

bool AllDone(int threads) {
  for (int i = kShortLived; i < threads; ++i) {
    if (!workers[i].is_done) return false;
  }
  return true;
}

// The live table and the totals must both be what the threads hold.
void CompareWithHeld(int threads) {
  int64_t count = 0;
  int64_t bytes = 0;
  for (int i = 0; i < threads; ++i) {
    count += workers[i].held_count;
    bytes += workers[i].held_bytes;
  }
  for (const std::atomic<Held*>& slot : handed_over) {
    const Held* held = slot;
    if (held == nullptr) continue;
    count += 1;
    bytes += static_cast<int64_t>(held->bytes);
  }
  const HeapTotals totals = TotalsAtCut();
  int64_t table_count = 0;
  int64_t table_bytes = 0;
  tracer.blocks.ForEach(
      [](const void*, size_t pages, uint64_t* bits) {
        for (size_t i = 0; i < pages; ++i) {
          bits[i / 64] |= uint64_t{1} << (i % 64);
        }
      },
      [&](const LiveBlock& block) {
        table_count += 1;
        table_bytes += static_cast<int64_t>(block.requested_bytes);
      });
  printf("%ld blocks of %ld bytes held, %u nodes, %lu allocations\n",
         static_cast<long>(count), static_cast<long>(bytes), NodeCount(),
         static_cast<unsigned long>(totals.total_count));
  if (table_count != totals.live_count || table_bytes != totals.live_bytes) {
    Fail("the live table differs from the totals");
  }
  // Short of memory, blocks are left out, and said to be.
  if (tracer.dropped_blocks != 0 ? count < table_count : count != table_count) {
    Fail("the live table differs from what the threads hold");
  }
  if (tracer.dropped_blocks == 0 && bytes != table_bytes) {
    Fail("the live table's sizes differ from what the threads hold");
  }
}

int RunAll(int threads, uint64_t operations) {
  for (int i = 0; i < threads; ++i) {
    const uint64_t share =
        i < kShortLived ? 500 : operations / static_cast<uint64_t>(threads);
    Begin(&workers[i], static_cast<uint64_t>(i) + 1, share);
  }
  uint64_t births = 0;
  for (uint64_t turn = 0; !AllDone(threads); ++turn) {
    LookAtTotals(turn);
    Worker* worker = &workers[turn % kShortLived];
    if (worker->is_done) {
      const std::lock_guard<std::mutex> lock(lives);
      End(worker);
      Begin(worker, 1000 + ++births, 500);
    }
    sched_yield();
  }
  for (int i = 0; i < threads; ++i) {
    const std::lock_guard<std::mutex> lock(lives);
    End(&workers[i]);
  }
  HEAPLINE_HAPPENS_AFTER(&deaths);
  Cut();
  CompareWithHeld(threads);
  printf("%lu threads in all\n", static_cast<unsigned long>(births) +
                                     static_cast<unsigned long>(threads));
  if (lost_snapshots != 0) Fail("a snapshot was lost");
  return 0;
}

}  // namespace
}  // namespace heapline

int main(int argc, char** argv) {
  using namespace heapline;
  if (argc < 4) return 2;
  const int threads = atoi(argv[1]);
  if (threads <= kShortLived || threads > kMaxThreads) return 2;
  SetUp(argv[3]);
  return RunAll(threads, strtoull(argv[2], nullptr, 10));
}

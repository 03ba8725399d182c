// tracer.h: what the whole shim shares: the mode, the options, the tables.
// Zero-initialised globals, set up once by lifecycle.cc at the first hook call
// (in the loader, single-threaded); afterwards the mode is the only thing that
// changes. Readable by every thread without a lock. Beside them the witness: a
// page that fork wipes in the child, so that one load tells every hook whether
// it runs in a process that is traced and knows itself.
#ifndef HEAPLINE_PRELOAD_TRACER_H_
#define HEAPLINE_PRELOAD_TRACER_H_

#include <stdint.h>

#include "preload/live_table.h"
#include "preload/options.h"

namespace heapline {

enum class Mode : uint8_t {
  kUnset = 0,   // before the first hook call
  kStarting,    // being set up: calls that come now are the loader's or ours
  kTracing,     // every allocation is recorded
  kForwarding,  // start=0 or after `stop`: frees are noted, allocations not
  kAside        // this process is not traced: privileged, sanitized, not
                // followed …; every hook is a plain forward
};

struct Tracer {
  Mode mode;
  bool next_is_libc;         // the wrapped allocator is libc's own
  bool next_new_is_runtime;  // operator new is the C++ runtime's: it calls
                             // malloc, which is hooked
  bool calls_restricted;     // the program set a seccomp filter: only mmap,
                             // munmap and futex from now on
  bool counters_may_drift;   // a hook was left in the middle
  uint32_t min_request;      // 32 for allocators with smaller spacing, else 0
  uint32_t incomplete;       // HL_INCOMPLETE_…, sticky
  Epoch epoch;               // that blocks are born in (heap_totals.h)
  int32_t pid;               // of the process these tables belong to
  uint64_t start_ns;         // CLOCK_MONOTONIC at start (of this pid)
  uint64_t start_realtime_ns;
  uint64_t dropped_blocks;  // atomic
  uint64_t lost_snapshots;  // atomic
  uint64_t round;           // heapline_round()
  char** arguments;         // the kernel's argv block
  char** environment;       // the kernel's envp block
  Options options;
  LiveTable blocks;
};

extern Tracer tracer __attribute__((visibility("hidden")));

inline Mode CurrentMode() {
  Mode mode;
  __atomic_load(&tracer.mode, &mode, __ATOMIC_RELAXED);
  return mode;
}

struct Witness {
  uint64_t is_announced;  // 0: a copy by fork or raw clone, not yet told so
  uint64_t is_tracing;    // announced, and the mode is kTracing
};
extern Witness plain_witness __attribute__((visibility("hidden")));
// &plain_witness until there is a page, and where none can be wiped.
extern Witness* witness __attribute__((visibility("hidden")));

inline bool IsUnannouncedForkCopy() {
  return __builtin_expect(
      __atomic_load_n(&witness->is_announced, __ATOMIC_RELAXED) == 0, 0);
}
inline bool IsTracingHere() {
  return __builtin_expect(
      __atomic_load_n(&witness->is_tracing, __ATOMIC_RELAXED) != 0, 1);
}
void SetMode(Mode mode);
// The copy knows what it is.
void AnnounceForkCopy();
// From now on `page`, zeroed, is the witness.
void UseWitnessPage(Witness* page);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_TRACER_H_

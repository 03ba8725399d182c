// trigger.h: when a snapshot is cut without being asked by name: signal,
// interval, growth, above, near_limit, peak, on_death; and `keep`. Thresholds
// are looked at on the allocation slow path (heap_totals' flush); a 1 s timer
// (timer_create, SIGEV_SIGNAL with the reserved signal) exists only where
// interval or near_limit asks for one.
#ifndef HEAPLINE_PRELOAD_TRIGGER_H_
#define HEAPLINE_PRELOAD_TRIGGER_H_

#include <signal.h>
#include <stdint.h>

namespace heapline {

// Installs the reserved signal's handler, `signal`, on_death and the timer,
// as the options ask. Called once at start and again in a forked process.
void ArmTriggers();
// An exec or `follow` is about to take the tracer away.
void DisarmTimers();

// Looked at by every flush. `thread` guard == 1: must not allocate.
void LookAtThresholds(int64_t live_bytes, uint64_t monotonic_ns);

// A snapshot file was written for an automatic reason: `keep` may delete the
// oldest ones.
void NoteAutomaticFile(const char* path);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_TRIGGER_H_

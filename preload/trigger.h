// trigger.h: when a snapshot is cut without being asked by name: signal,
// interval, growth, above, near_limit, peak, on_death; and `keep`. Thresholds
// are looked at on the allocation slow path (heap_totals' flush); a 1 s timer
// (timer_create, SIGEV_SIGNAL with the reserved signal) exists only where
// interval or near_limit asks for one.
#ifndef HEAPLINE_PRELOAD_TRIGGER_H_
#define HEAPLINE_PRELOAD_TRIGGER_H_

#include <stdint.h>

#include "preload/snapshot.h"

namespace heapline {

// Installs `signal`, on_death and the timer, as the options ask. Called once
// at start, after the reserved signal's handler is there, and again in a
// forked process (kept files are then forgotten: they are the parent's).
void ArmTriggers();
// A seccomp filter or `follow` is about to take the tracer away.
void DisarmTimers();

// The process steps aside (`follow`): every disposition is the program's own.
void GiveSignalsBack();

// Before exec: an ignored trigger signal must be ignored in the new image too.
// RetakeSignals: the exec failed.
void ReleaseSignals();
void RetakeSignals();

// The program set a handler of its own for the reserved signal: it is its own
// now, and nobody may be sent it. Requests wait for the allocation path.
bool ReservedSignalIsClaimed();

// The timer's signal came. Called by the reserved signal's handler.
void TriggerTick(const void* ucontext);

// Looked at by every flush. `thread` guard == 1: must not allocate.
void LookAtThresholds(int64_t live_bytes, uint64_t monotonic_ns);

// A block of this thread had no room in its table. Where that is for the
// process's own limits, near_limit takes it for near: a later snapshot would
// know less. `thread` guard == 1.
void LookAtRefusal();

// A request or a trigger came while its thread was inside a hook: it set that
// thread's park_requested and waits for the hook's end, where ParkHere runs
// it. Returns at once when nothing waits.
void RunDeferredTriggers();

// A snapshot file has its name: in the process itself, when its writer is
// reaped (or was the process). `keep` and `peak` may delete older ones.
void NoteAutomaticFile(Reason reason, const char* path);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_TRIGGER_H_

// reentry.h: what it means that a hook finds its thread's guard up. The stack
// tells: between this hook and the one that took the guard there is a signal's
// frame, or only frames of the next allocator, or that hook is not there at all
// any more (it was left by longjmp or by cancellation).
//
// Never faults; no lock; async-signal-safe. Takes a walk along the stack, so it
// is for the rare case.
#ifndef HEAPLINE_PRELOAD_REENTRY_H_
#define HEAPLINE_PRELOAD_REENTRY_H_

#include <stdint.h>

#include "preload/thread_state.h"

namespace heapline {

enum class Reentry {
  kByHandler,    // a signal's, which interrupted the hook
  kByAllocator,  // the next allocator calls what it exports
  kNone,         // the guard is left over
  kUnknown       // the stack cannot be followed so far
};

// `frame` is the frame address of the hook that asks. REQUIRES: guard != 0.
Reentry FindReentry(const ThreadState& thread, uintptr_t frame);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_REENTRY_H_

// thread_identity.h: what a thread's stacks hang under in the call tree: the
// node of its start routine and name. The start routine is the function that
// libc's thread start called, found by unwinding once a thread; the main
// thread has none. Async-signal-safe.
#ifndef HEAPLINE_PRELOAD_THREAD_IDENTITY_H_
#define HEAPLINE_PRELOAD_THREAD_IDENTITY_H_

#include "preload/stack_walk.h"

namespace heapline {

// Finds or makes the node of the calling thread, whose stack `walk` is about
// to walk. *start_routine is looked for where it is 0, and noted.
NodeId NodeOfThread(int32_t tid, StackWalk walk, uintptr_t* start_routine);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_THREAD_IDENTITY_H_

// capture_libunwind.h: the two uses of libunwind's stacks: as the capture
// itself (unwinder=libunwind) and as the measure of ours (check=N). REQUIRES
// in both: `thread` is the caller's own and libunwind is loaded; what does not
// come out counts as nothing. Counts are of the whole process; thread-safe.
#ifndef HEAPLINE_PRELOAD_CAPTURE_LIBUNWIND_H_
#define HEAPLINE_PRELOAD_CAPTURE_LIBUNWIND_H_

#include "preload/capture.h"
#include "preload/stack_walk.h"

namespace heapline {

// The innermost node of the stack that `walk` would walk, as libunwind tells
// it; at most `depth` frames are kept.
NodeId CaptureByLibunwind(ThreadState* thread, const StackWalk& walk,
                          CaptureMode mode, int depth);

// Compares our `count` frames, innermost first, with libunwind's, and with what
// the tree says of `node`, which the block was charged to; only every Nth call
// does.
void CheckStack(ThreadState* thread, const WalkedFrame* frames, int count,
                WalkState state, NodeId node);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_CAPTURE_LIBUNWIND_H_

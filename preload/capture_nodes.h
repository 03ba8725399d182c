// capture_nodes.h: what is common to all ways of capturing a stack: the node
// it hangs under and the nodes of its frames. `thread` is the caller's own
// state; where it is nested in another use of it (a signal handler inside a
// hook) nothing of it is changed. Async-signal-safe.
#ifndef HEAPLINE_PRELOAD_CAPTURE_NODES_H_
#define HEAPLINE_PRELOAD_CAPTURE_NODES_H_

#include "preload/capture.h"
#include "preload/stack_walk.h"

namespace heapline {

// The thread's base node: its innermost open scope, or the node of its start
// routine and name, made at its first capture and after a new name. An open
// scope keeps the old name until it is closed.
NodeId BaseNode(ThreadState* thread, const StackWalk& walk, CaptureMode mode);

NodeId SpecialNode(NodeId base, HlSpecialNode special);

// What the outermost kept frame hangs under; counts a stack that is cut.
NodeId OuterNode(ThreadState* thread, NodeId base, WalkState state);

// The node of a walked stack under `outer`, by its fingerprint where the thread
// has seen it lately. Two stacks of one fingerprint are taken for one: 64 bits,
// so with 2^40 captures the odds are 1 in 2^24.
NodeId NodeOfWalk(ThreadState* thread, NodeId outer, const StackWalk& walk,
                  const WalkedFrame* frames, int count);

// Frames stand innermost first. `cache` may be NULL.
NodeId AddFrames(ThreadState* cache, NodeId node, const WalkedFrame* frames,
                 int count);

// Room for `capacity` addresses in the thread's own memory, kept for its next
// use; NULL: no memory.
void** AddressBuffer(ThreadState* thread, int capacity);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_CAPTURE_NODES_H_

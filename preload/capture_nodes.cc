#include "preload/capture_nodes.h"

#include "preload/thread_identity.h"

namespace heapline {

NodeId BaseNode(ThreadState* thread, const StackWalk& walk, CaptureMode mode) {
  if (mode == CaptureMode::kNested || thread == nullptr) {
    if (thread != nullptr && thread->base_node != 0) return thread->base_node;
    uintptr_t start_routine = 0;
    return NodeOfThread(thread == nullptr ? 0 : thread->tid, walk,
                        &start_routine);
  }
  if (__builtin_expect(thread->base_node != 0 && !thread->name_changed, 1)) {
    return thread->base_node;
  }
  if (thread->base_node != thread->thread_node) return thread->base_node;
  thread->name_changed = false;
  thread->thread_node = NodeOfThread(thread->tid, walk, &thread->start_routine);
  SetBaseNode(thread, thread->thread_node);
  return thread->base_node;
}

NodeId SpecialNode(NodeId base, HlSpecialNode special) {
  return ChildOf(nullptr, base,
                 {static_cast<uint64_t>(special), HL_NODE_SPECIAL, 0});
}

NodeId OuterNode(ThreadState* thread, NodeId base, WalkState state) {
  if (__builtin_expect(state == WalkState::kWhole, 1)) return base;
  if (thread != nullptr) {
    __atomic_fetch_add(&thread->truncated_stacks, 1, __ATOMIC_RELAXED);
  }
  return SpecialNode(base, HL_SPECIAL_TRUNCATED);
}

NodeId NodeOfWalk(ThreadState* thread, NodeId outer, const StackWalk& walk,
                  const WalkedFrame* frames, int count) {
  ThreadState::StackSlot& slot =
      thread->stacks[walk.fingerprint & (ThreadState::kStackEntries - 1)];
  if (__builtin_expect(slot.fingerprint == walk.fingerprint &&
                           slot.outer == outer && slot.node != 0,
                       1)) {
    return slot.node;
  }
  const NodeId node = AddFrames(thread, outer, frames, count);
  if (node != kDroppedNode) slot = {walk.fingerprint, outer, node};
  return node;
}

NodeId AddFrames(ThreadState* cache, NodeId node, const WalkedFrame* frames,
                 int count) {
  for (int i = count - 1; i >= 0; --i) {
    const WalkedFrame& frame = frames[i];
    node = ChildOf(cache, node, {frame.pc, frame.kind, frame.generation});
    if (__builtin_expect(node == kDroppedNode, 0)) break;
  }
  return node;
}

}  // namespace heapline

// capture.h: the call stack of the hook's caller as a call-tree node. Two
// unwinders behind one function, chosen by the option: our cached CFI rules
// (no lock, no system call) and libunwind's unw_backtrace (a diagnostic, and
// the oracle of check=N). Frames inside the shim itself are never part of a
// stack. Never faults, never fails: what cannot be unwound is cut and marked
// by a `truncated` node between the thread node and the outermost kept frame.
#ifndef HEAPLINE_PRELOAD_CAPTURE_H_
#define HEAPLINE_PRELOAD_CAPTURE_H_

#include <stdint.h>

#include "preload/thread_state.h"

namespace heapline {

// Where the hook was called, as the hook's own frame tells it: one register to
// pass, read only when a stack is walked. Valid while the hook runs.
class CallerContext {
 public:
  explicit CallerContext(void* hook_frame)
      : frame_(static_cast<const uintptr_t*>(hook_frame)) {}
  uintptr_t return_address() const { return frame_[1]; }
  // The caller's stack and frame pointer as they are after the return.
  uintptr_t sp() const { return reinterpret_cast<uintptr_t>(frame_ + 2); }
  uintptr_t bp() const { return frame_[0]; }

 private:
  const uintptr_t* frame_;
};

// The caller's context, in a function compiled with a frame pointer.
#define HEAPLINE_CALLER_CONTEXT() \
  ::heapline::CallerContext(__builtin_frame_address(0))

enum class CaptureMode {
  kOutermost,  // guard == 1: thread caches may be used
  kNested      // a signal interrupted a hook: shared tables only
};

bool InitializeCapture();

// The innermost node of the calling thread's stack. Thread node and scope are
// included; `depth` is honoured; every Nth stack is compared with libunwind's
// when check=N.
NodeId CaptureStack(ThreadState* thread, CallerContext caller,
                    CaptureMode mode);

// Makes thread->thread_node and base_node, if they are not yet: what a scope
// opens under. REQUIRES: guard == 1.
void EnsureThreadNode(ThreadState* thread, CallerContext caller);

// Walks from `from` outwards into frames[0..capacity), innermost first.
// Returns how many; *is_whole says whether the outermost frame was reached.
struct WalkedFrame {
  uintptr_t pc;
  uintptr_t sp;  // in this frame, when its callee has returned
  HlNodeKind kind;
  uint8_t generation;
};
int WalkStack(const UnwindRegisters& from, ReadableWindow* window,
              ThreadState* rule_cache, WalkedFrame* frames, int capacity,
              bool* is_whole);

struct CheckCounts {
  uint64_t stacks, wrong, shorter, longer, guessed;
};
CheckCounts ChecksSoFar();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_CAPTURE_H_

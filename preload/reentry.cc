#include "preload/reentry.h"

#include "preload/capture.h"
#include "preload/cfi_rules.h"
#include "preload/stack_walk.h"

namespace heapline {
namespace {

constexpr int kMostFrames = 1 << 16;

}  // namespace

Reentry FindReentry(const ThreadState& thread, uintptr_t frame) {
  // A hook's frame: the saved frame pointer, the return address, then what the
  // caller's stack pointer is after the return.
  const uintptr_t* const words = reinterpret_cast<const uintptr_t*>(frame);
  const uintptr_t guarded_caller_sp =
      thread.guard_frame + 2 * sizeof(uintptr_t);
  ReadableWindow window = {};
  StackWalk walk =
      BeginWalk({words[1], frame + 2 * sizeof(uintptr_t), words[0], false},
                &window, nullptr);
  for (int walked = 0; walked < kMostFrames; ++walked) {
    // One by one: the frame that a signal interrupted may be one of the shim's
    // own, which are passed over, but not the signal's frame before it.
    WalkedFrame at;
    if (WalkFurther(&walk, &at, 1) != 1) break;
    // The first is our own caller, which cannot be that of a hook further out.
    if (walked > 0 && at.sp == guarded_caller_sp) return Reentry::kByAllocator;
    if (walk.kind == HL_NODE_INSTRUCTION_POINTER) return Reentry::kByHandler;
    if (walk.state != WalkState::kMore) break;
  }
  if (walk.state == WalkState::kWhole) return Reentry::kNone;
  return Reentry::kUnknown;
}

}  // namespace heapline

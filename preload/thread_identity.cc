#include "preload/thread_identity.h"

#include <sys/prctl.h>

#include "preload/labels.h"
#include "preload/modules.h"
#include "preload/sys.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

// Deeper than this a stack's outer end is not looked for.
constexpr int kDeepestSearch = 1 << 16;
constexpr int kFramesAtOnce = 8;

// The three outermost frames, outermost first; 0 where there are fewer or the
// walk does not get there.
struct OuterFrames {
  uintptr_t pc[3];
};

OuterFrames FindOuterFrames(StackWalk walk) {
  OuterFrames outer = {};
  WalkedFrame frames[kFramesAtOnce];
  int total = 0;
  while (walk.state == WalkState::kMore && total < kDeepestSearch) {
    const int count = WalkFurther(&walk, frames, kFramesAtOnce);
    for (int i = 0; i < count; ++i) {
      outer = {{frames[i].pc, outer.pc[0], outer.pc[1]}};
    }
    total += count;
  }
  return walk.state == WalkState::kWhole ? outer : OuterFrames{};
}

// libc's clone calls libc's thread start, which calls the start routine; a
// thread made by a bare clone has its routine called by clone itself.
uintptr_t FindStartRoutine(const StackWalk& walk) {
  const OuterFrames outer = FindOuterFrames(walk);
  if (outer.pc[1] == 0) return 0;
  const bool is_thread_start =
      outer.pc[2] != 0 && ModuleStart(outer.pc[1]) == ModuleStart(outer.pc[0]);
  return FunctionStart(is_thread_start ? outer.pc[2] : outer.pc[1]);
}

}  // namespace

NodeId NodeOfThread(int32_t tid, StackWalk walk, uintptr_t* start_routine) {
  char name[17] = {};
  if (!tracer.calls_restricted) {
    sys::Call(SYS_prctl, PR_GET_NAME, sys::Arg(name));
  }
  if (tid == tracer.pid) {
    *start_routine = 0;
  } else if (*start_routine == 0) {
    *start_routine = FindStartRoutine(walk);
  }
  return InternThreadNode(*start_routine, name);
}

}  // namespace heapline

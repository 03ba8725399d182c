// stack_walk.h: steps from frame to frame outwards by the rules of
// cfi_rules.h, a few frames at a time. Reads nothing but words that
// readable_memory.h vouches for; a frame's CFA must lie above its stack pointer
// (but across a signal frame), so that a walk always ends. Where no rule covers
// a frame (JIT code), one step along rbp is tried and its result marked
// guessed. Never faults, never fails: a walk that cannot go on is cut. A walk
// belongs to one thread; async-signal-safe.
#ifndef HEAPLINE_PRELOAD_STACK_WALK_H_
#define HEAPLINE_PRELOAD_STACK_WALK_H_

#include <stdint.h>

#include "preload/capture.h"

namespace heapline {

enum class WalkState : uint8_t {
  kMore,   // there is a further frame
  kWhole,  // the outermost frame was reached
  kCut     // unreadable, or no rule
};

struct StackWalk {
  UnwindRegisters registers;  // of the next frame
  HlNodeKind kind;            // of the next frame
  WalkState state;
  ReadableWindow* window;
  ThreadState* rule_cache;  // NULL: the shared rules only
  uint64_t fingerprint;     // of all frames so far, hidden ones included
};

inline StackWalk BeginWalk(const UnwindRegisters& from, ReadableWindow* window,
                           ThreadState* rule_cache) {
  return {
      from,
      from.pc_is_exact ? HL_NODE_INSTRUCTION_POINTER : HL_NODE_RETURN_ADDRESS,
      WalkState::kMore,
      window,
      rule_cache,
      0};
}

// Writes up to `capacity` further frames; returns how many. Fewer than
// `capacity` only when walk->state is no longer kMore.
int WalkFurther(StackWalk* walk, WalkedFrame* frames, int capacity);

// One step out of the frame that walk->registers are in, whoever's it is.
// False: there was no frame.
bool StepOutwards(StackWalk* walk);

// For fuzzing: makes `rule` the one that `rule_cache` has for a frame whose pc,
// plus 1 if it is exact, is `key`.
void PutRule(ThreadState* rule_cache, uintptr_t key, Rule rule);

// Frames in [start, end) are passed over: the shim's own code.
void HideFrames(uintptr_t start, uintptr_t end);
bool IsHiddenFrame(uintptr_t pc);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_STACK_WALK_H_

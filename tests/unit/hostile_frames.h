// hostile_frames.h: functions whose frames are hard to unwind, to be stacked
// on one another in any order: each calls `Inward` once from the middle of
// its own kind of frame. Compiled with optimisation and without frame pointers.
#ifndef HEAPLINE_TESTS_UNIT_HOSTILE_FRAMES_H_
#define HEAPLINE_TESTS_UNIT_HOSTILE_FRAMES_H_

namespace heapline {

// Goes one frame further in.
using Inward = void (*)();

using HostileFrame = void (*)(Inward inward);

// Plain; alloca; variable array; realigned; realigned with alloca; large;
// all registers in use; called back by libc; catching an exception;
// while an exception passes; in a signal handler; in one on a stack of its own;
// on a coroutine's stack; left by longjmp from a function that never returns.
inline constexpr int kHostileFrames = 14;
extern const HostileFrame kHostileFrame[kHostileFrames];

// How often a frame of this number is on the stack at most: signals do not
// nest here.
bool MayNest(int number);

// Stops the compiler from knowing a value.
void Use(const volatile void* memory);

}  // namespace heapline

#endif  // HEAPLINE_TESTS_UNIT_HOSTILE_FRAMES_H_

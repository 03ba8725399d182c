// readable_memory.h: which stack words may be read without a fault and without
// a signal handler of ours. Known readable: the main thread's stack above its
// stack pointer, and each thread's own stack from its stack pointer to its
// TCB once every page between was asked. Any other page is asked for, by
// rt_sigprocmask(-1, page, 0, 8): EFAULT means unreadable, EINVAL readable. For
// stacks the answer holds while the thread stands on what was asked for, for
// code until an interposed munmap, mprotect or mremap. Nothing is asked once
// the program has set a seccomp filter. Async-signal-safe.
#ifndef HEAPLINE_PRELOAD_READABLE_MEMORY_H_
#define HEAPLINE_PRELOAD_READABLE_MEMORY_H_

#include <stdint.h>

#include "preload/thread_state.h"

namespace heapline {

// Notes the main stack. Called once, from the main thread's first hook.
void InitializeReadableMemory();

// Whether the 8 bytes at `address` (8-aligned or not) can be read. Grows
// *window, which must be the caller's own (or a local one in nested use).
bool MakeReadable(ReadableWindow* window, uintptr_t address);

// Before a capture from `sp`: a window in which the thread does not stand any
// more tells nothing, its memory may be gone.
void LeaveWindow(ReadableWindow* window);
inline void KeepWindow(ReadableWindow* window, uintptr_t sp) {
  if (__builtin_expect(sp - window->low >= window->high - window->low, 0)) {
    LeaveWindow(window);
  }
}

// The kernel's own answer, at the cost of a system call. Where it may not be
// asked: unreadable.
bool KernelCanRead(uintptr_t address);

// The fast question.
inline bool IsReadable(const ReadableWindow& window, uintptr_t address) {
  return address >= window.low && address + 8 <= window.high;
}

// Answers about pages that are not a thread's own stack are void from now on.
void ForgetReadablePages();
// After this no system call asks for a page again.
void StopAskingForPages();
bool PageIsReadable(uintptr_t page);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_READABLE_MEMORY_H_

// cut_stack.h: the stack on which snapshots are cut. A cut is begun wherever a
// thread happens to be: in a handler on an alternate stack of 8 KiB, on a
// coroutine's, on the smallest a thread may have. What it takes of that one is
// a few hundred bytes; the rest of the work stands here.
//
// One stack, for one user at a time: REQUIRES the snapshot lock.
#ifndef HEAPLINE_PRELOAD_CUT_STACK_H_
#define HEAPLINE_PRELOAD_CUT_STACK_H_

#include <stdint.h>

namespace heapline {

// What lies at `caller_sp`: the callee-saved registers of CallOnCutStack's
// caller, and where that goes on.
struct CutStackFrame {
  uintptr_t r15, r14, r13, r12, rbx, rbp;
  uintptr_t return_address;
};

// Calls function(argument, caller_sp). `caller_sp` is where the caller's own
// stack ends, with a CutStackFrame above. Without memory for a stack
// the call is made on the caller's.
using CutStackFunction = void (*)(void* argument, uintptr_t caller_sp);
void CallOnCutStack(CutStackFunction function, void* argument);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_CUT_STACK_H_

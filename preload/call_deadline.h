// call_deadline.h: a system call that is made again after an interruption must
// not begin its relative timeout anew each time: a program that sleeps for two
// seconds under a snapshot a second would sleep for ever. The first
// interruption sets the end of the wait (how long it had waited by then nobody
// knows: a wait grows to twice its time at most); later ones wait for the rest.
//
// The rest goes into the argument register, or into a time of ours that the
// register then points to. Only calls made inside the C library are changed:
// there the registers are the function's own and nobody reads them afterwards.
// Async-signal-safe; each slot is one thread's.
#ifndef HEAPLINE_PRELOAD_CALL_DEADLINE_H_
#define HEAPLINE_PRELOAD_CALL_DEADLINE_H_

#include <stdint.h>

namespace heapline {

// Notes where the C library lies. At start.
void InitializeCallDeadlines();

bool IsInLibc(uintptr_t code);

// Call `number` is about to be made again with the registers of `ucontext`.
void KeepCallDeadline(void* ucontext, uint32_t number);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_CALL_DEADLINE_H_

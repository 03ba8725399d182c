// stop_world.h: makes every other thread stand still, and lets them go again
// as if nothing had been. A thread is signalled with the reserved signal until
// no unsignalled one is left in /proc/self/task; its handler notes its
// registers and waits on a futex. A thread inside a hook parks at the hook's
// end instead (its tables are then consistent); after 20 ms it is signalled
// again and stopped where it is, its in_flight record telling the rest.
//
// A system call that the signal interrupted is restarted by the handler itself
// (SA_RESTART does not cover poll, usleep, …): rax == -EINTR, the instruction
// before rip is `syscall`, the call's number is known, no unblocked signal is
// pending; never pause and rt_sigsuspend.
//
// One stop at a time (the caller holds the snapshot lock). No allocation but
// pages.h. The only file that knows the ucontext's layout besides capture.
#ifndef HEAPLINE_PRELOAD_STOP_WORLD_H_
#define HEAPLINE_PRELOAD_STOP_WORLD_H_

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

namespace heapline {

struct StoppedThread {
  int32_t tid;
  uint32_t flags;          // HL_THREAD_…
  const void* registers;   // ucontext_t* on its own stack; NULL when not known
  uintptr_t sp;
  uintptr_t thread_pointer;
  char name[16];
};

struct StoppedWorld {
  StoppedThread* threads;  // the leader first
  size_t count;
  size_t not_stopped;
  uint64_t stop_ns;        // how long it took
};

// `leader_context` is the ucontext of the handler the caller runs in, or NULL
// when it runs on a thread's ordinary path. False: /proc or memory was not to
// be had; nothing is stopped then.
bool StopWorld(const void* leader_context, StoppedWorld* world);
void ResumeWorld(StoppedWorld* world);

// The reserved signal came and is a stop (not a request from outside).
// Called by the signal handler. Returns false when it was not meant as one.
bool AnswerStop(void* ucontext);

// At the end of a hook whose thread has park_requested: stands still as the
// handler would have.
void ParkHere();

// After the handler's work: restarts the interrupted system call if that is
// due. `call_number_plus_1` is 0 when nobody saw the number.
void RestartInterruptedCall(void* ucontext, uint32_t call_number_plus_1);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_STOP_WORLD_H_

// stop_world.h: makes every other thread stand still, and lets them go again
// as if nothing had been. A thread is signalled with the reserved signal until
// no unsignalled one is left in /proc/self/task; its handler notes its
// registers and waits on a futex. A thread inside a hook parks at the hook's
// end instead (its tables are then consistent); after 20 ms it is signalled
// again and stopped where it is, its in_flight record telling the rest. A
// thread that the kernel holds (vfork, disk, no processor for it) stops before
// it runs again: the signal is pending, so it counts as stopped.
//
// A system call that the signal interrupted is restarted by the handler itself
// (interrupted_call.cc).
//
// One stop at a time (the caller holds the snapshot lock). No allocation but
// pages.h. Only interrupted_call.cc, thread_registers.cc and this know the
// ucontext's layout.
#ifndef HEAPLINE_PRELOAD_STOP_WORLD_H_
#define HEAPLINE_PRELOAD_STOP_WORLD_H_

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

namespace heapline {

struct LateRegisters;

struct StoppedThread {
  int32_t tid;
  uint32_t flags;         // HL_THREAD_…
  const void* registers;  // ucontext_t* on its own stack; NULL when not known
  uintptr_t sp;
  uintptr_t thread_pointer;
  // Where the registers of a held thread will be (late_registers.h), or NULL.
  const LateRegisters* late;
  char name[16];
};

struct StoppedWorld {
  StoppedThread* threads;  // the leader first; valid until the next stop
  size_t count;
  size_t not_stopped;
  bool may_lack_threads;  // the kernel's list of them could not be read
  uint32_t number;        // of the stop
  uint64_t stop_ns;       // how long it took
};

// `leader_context` is the ucontext of the handler the caller runs in, or NULL
// when it runs on a thread's ordinary path, whose stack ends at `leader_sp`.
// Without /proc the threads that have allocated are stopped, and
// may_lack_threads is set. False: memory was not to be had; nothing is stopped
// then.
bool StopWorld(const void* leader_context, uintptr_t leader_sp,
               StoppedWorld* world);
void ResumeWorld();

// The reserved signal came and is a stop (not a request from outside).
// Called by the signal handler. Returns false when it was not meant as one;
// else the interrupted system call has been restarted.
bool AnswerStop(void* ucontext);

// For a thread that waits with the reserved signal blocked: stands still if it
// is asked to, and returns when all may run again. Cheap when nobody asks.
void StandStillIfAsked();

// At the end of a hook whose thread has park_requested: stands still as the
// handler would have, then does what was put off until the hook's end.
void ParkHere();

// In a forked copy: no stop is under way here.
void ForgetStop();

// After a handler's work: restarts the interrupted system call if that is due.
// `call_number_plus_1` is 0 when nobody saw the number.
void RestartInterruptedCall(void* ucontext, uint32_t call_number_plus_1);

// The registers that a handler's ucontext tells.
uintptr_t ContextStackPointer(const void* ucontext);
uintptr_t ContextProgramCounter(const void* ucontext);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_STOP_WORLD_H_

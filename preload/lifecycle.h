// lifecycle.h: the order of start, fork, exec and exit, written down in one
// place. Start: first hook call → privileges → next allocator → options →
// reasons to step aside → tables → handlers, page, timers. Fork: a page with
// MADV_WIPEONFORK tells a copy (zero) from our own address space (a vfork
// child); the copy becomes a process of its own before it does anything else.
// Exec: a pending stop signal is flushed under the snapshot lock. Exit: one
// snapshot, whichever way out is taken first.
#ifndef HEAPLINE_PRELOAD_LIFECYCLE_H_
#define HEAPLINE_PRELOAD_LIFECYCLE_H_

#include <stdint.h>

namespace heapline {

// Sets the shim up, once; later calls return at once. Called by the first hook
// and by the library's constructor.
void StartTracer();

// Makes a copy that is not announced (tracer.h) a traced process of its own,
// or steps aside (`follow`).
void BecomeForkedProcess();

// Whether the caller is a vfork child running in its parent's memory: then
// nothing of ours may change. A system call; for the exit and exec hooks.
bool IsVforkChild();

// The process is about to end: cuts the exit snapshot unless one was cut or
// at_exit=0, and waits until a snapshot being written is whole.
void ProcessEnds();

// The exit snapshot is cut: no other one comes after it. To be asked under the
// snapshot lock.
bool ProcessHasEnded();

// A seccomp filter is about to be set: from now on only mmap, munmap and futex
// are called, and nothing is written any more.
void RestrictCalls();

// Around exec*: flushes and ignores the reserved signal; AfterFailedExec puts
// it back. `token` says whether there is anything to put back.
struct ExecToken {
  bool armed;
};
// `environment` is the new image's: where it preloads the shim again the
// reserved signal stays ignored until the new handler stands.
ExecToken BeforeExec(char* const* environment);
void AfterFailedExec(ExecToken token);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_LIFECYCLE_H_

// sys.h: every system call that the shim makes, without libc: no errno, no
// cancellation point, no interposable name. A call returns what the kernel
// returned: a result >= 0, or -errno. Thread-safe; async-signal-safe. The
// numbers and the calling sequence are the architecture's own part of the shim
// together with cfi_rules' register part. Tests replace Call() to inject
// faults (HEAPLINE_FAULT_INJECTION).
#ifndef HEAPLINE_PRELOAD_SYS_H_
#define HEAPLINE_PRELOAD_SYS_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

namespace heapline {
namespace sys {

#if !defined(__x86_64__)
#error "preload/sys.h: only x86-64 so far; add this architecture's call here"
#endif

inline long RawCall(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                    long e = 0, long f = 0) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
                     "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

#ifdef HEAPLINE_FAULT_INJECTION
long Call(long number, long a = 0, long b = 0, long c = 0, long d = 0,
          long e = 0, long f = 0);
// For a call that cannot be made by a function (clone onto another stack): the
// -errno to take for its result, or 0.
long InjectedFault(long number);
#else
inline long InjectedFault(long) { return 0; }
inline long Call(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                 long e = 0, long f = 0) {
  return RawCall(number, a, b, c, d, e, f);
}
#endif

inline bool Failed(long result) { return result < 0 && result > -4096; }

template <typename T>
inline long Arg(T value) {
  return (long)value;  // NOLINT: pointers and integers alike
}

// How often a call is made again that was interrupted, or that the program
// would suffer from if it were not made: no loop here is without end.
inline constexpr int kMostTries = 64;

// The calls of one line each stand here; those with a shape of their own are
// in the file that needs them.

// These two can be refused by a filter of system calls only.
inline long GetPid() {
  long pid = Call(SYS_getpid);
  for (int i = 1; Failed(pid) && i < kMostTries; ++i) pid = Call(SYS_getpid);
  return pid;
}
inline long GetTid() {
  long tid = Call(SYS_gettid);
  for (int i = 1; Failed(tid) && i < kMostTries; ++i) tid = Call(SYS_gettid);
  return tid;
}
// A mask that was changed must be changed back: asked for until it is.
inline long ChangeSignalMask(int how, const uint64_t* set, uint64_t* before) {
  long result = -1;
  for (int i = 0; result != 0 && i < kMostTries; ++i) {
    result = Call(SYS_rt_sigprocmask, how, Arg(set), Arg(before), sizeof *set);
  }
  return result;
}
// Ends the process even where exit_group is refused.
[[noreturn]] inline void ExitProcess(int status) {
  Call(SYS_exit_group, status);
  Call(SYS_exit, status);
  for (;;) __builtin_trap();
}
inline long Close(int fd) { return Call(SYS_close, fd); }
inline long Write(int fd, const void* bytes, size_t count) {
  return Call(SYS_write, fd, Arg(bytes), Arg(count));
}
inline long Read(int fd, void* bytes, size_t count) {
  return Call(SYS_read, fd, Arg(bytes), Arg(count));
}
inline long OpenAt(int directory, const char* path, int flags, int mode = 0) {
  return Call(SYS_openat, directory, Arg(path), flags, mode);
}
inline long TgKill(int pid, int tid, int signal) {
  return Call(SYS_tgkill, pid, tid, signal);
}
// REQUIRES: `word` lies in memory shared by waiter and waker. `timeout` is a
// relative struct timespec* or NULL.
inline long FutexWait(const void* word, uint32_t expected, const void* timeout,
                      bool shared_between_processes) {
  return Call(SYS_futex, Arg(word), shared_between_processes ? 0 : 128,
              expected, Arg(timeout));
}
inline long FutexWake(const void* word, int count,
                      bool shared_between_processes) {
  return Call(SYS_futex, Arg(word), shared_between_processes ? 1 : 129, count);
}

}  // namespace sys
}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_SYS_H_

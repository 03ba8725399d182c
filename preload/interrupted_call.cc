// A system call that one of our signals interrupted goes on as if nothing had
// been. SA_RESTART does not cover poll, usleep, epoll_wait, select,
// sem_timedwait or sigtimedwait: they come back with -EINTR, which the program
// without us would not have seen. Before the handler returns it is turned back
// into the call: rax = number, rip on the `syscall` instruction again.
#include <sys/syscall.h>
#include <ucontext.h>

#include "preload/call_deadline.h"
#include "preload/message.h"
#include "preload/proc_files.h"
#include "preload/readable_memory.h"
#include "preload/reserved_signal.h"
#include "preload/stop_world.h"
#include "preload/sys.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

constexpr long long kInterrupted = -4;  // -EINTR

// Calls that a signal is meant to end, and those that must not be made twice.
bool MayBeRepeated(uint32_t number) {
  switch (number) {
    case SYS_pause:
    case SYS_rt_sigsuspend:
    case SYS_restart_syscall:
    case SYS_rt_sigreturn:
    case SYS_close:
      return false;
    default:
      return true;
  }
}

bool IsOurs(int signal) {
  return signal == tracer.options.reserved_signal ||
         (signal == tracer.options.signal && signal != 0);
}

// Of the pending signals, those that wait for this very thread. Where /proc
// does not tell, all.
KernelSignalSet PendingForThread(KernelSignalSet pending) {
  char text[2048];
  if (ReadFileStart("/proc/thread-self/status", text, sizeof text) <= 0) {
    return pending;
  }
  for (const char* line = text; *line != '\0'; ++line) {
    if (!StartsWith(line, "\nSigPnd:\t")) continue;
    line += 9;
    uint64_t set;
    return TakeHexNumber(&line, &set) ? pending & set : pending;
  }
  return pending;
}

// Whether a signal of the program's own, with a handler, is about to be
// delivered here: then the interruption is its, not ours. One for the whole
// process interrupts its main thread, as the kernel would have it.
bool ProgramSignalIsDue(const ucontext_t* context) {
  KernelSignalSet pending = 0;
  sys::Call(SYS_rt_sigpending, sys::Arg(&pending), sizeof pending);
  KernelSignalSet blocked;
  __builtin_memcpy(&blocked, &context->uc_sigmask, sizeof blocked);
  KernelSignalSet due = 0;
  for (int signal = 1; signal <= 64; ++signal) {
    if ((pending & ~blocked & SignalBit(signal)) == 0 || IsOurs(signal)) {
      continue;
    }
    KernelSigaction action = {};
    KernelSetAction(signal, nullptr, &action);
    if (action.handler != kDefaultAction && action.handler != kIgnoreAction) {
      due |= SignalBit(signal);
    }
  }
  if (due == 0 || sys::GetTid() == tracer.pid) return due != 0;
  return PendingForThread(due) != 0;
}

// `mov displacement(%rsp), %register`, 32 or 64 bits, not into %eax: with
// threads about, the C library puts a call's arguments aside, asks whether it
// may be cancelled, and loads them again. `end` is the byte after it. Returns
// its bytes, or 0.
ptrdiff_t StackLoadBytes(const unsigned char* end) {
  const bool is_load = end[-4] == 0x8b && (end[-3] & 0xc7) == 0x44 &&
                       (end[-3] & 0x38) != 0 && end[-2] == 0x24;
  if (!is_load) return 0;
  return end[-5] == 0x48 ? 5 : 4;
}

// The number of the call before `after_syscall`, + 1, or 0: `mov $number, %eax;
// syscall`, with at most one such load between (two: calls of sockets with a
// timeout, for which there is no deadline to keep).
// The C library's futex waits load it into any register, some instructions
// before; those are known by their arguments too.
uint32_t DecodeCallNumber(const unsigned char* after_syscall,
                          const unsigned char* readable_from,
                          const greg_t* registers) {
  constexpr ptrdiff_t kMoveBytes = 5;
  constexpr int kMaxLoads = 1;
  uint32_t number;
  const unsigned char* code = after_syscall - 2;
  for (int i = 0; i <= kMaxLoads && code - kMoveBytes >= readable_from; ++i) {
    if (code[-5] == 0xb8) {
      __builtin_memcpy(&number, code - 4, sizeof number);
      if (number < 1024) return number + 1;
    }
    const ptrdiff_t bytes = StackLoadBytes(code);
    if (bytes == 0) break;
    code -= bytes;
  }
  code = after_syscall - 7;
  const long operation = registers[REG_RSI] & 0x7f;
  if (operation != 0 && operation != 9) return 0;  // FUTEX_WAIT, …_BITSET
  constexpr ptrdiff_t kReach = 64;
  for (; code > readable_from && after_syscall - code < kReach; --code) {
    if ((code[0] & 0xf8) != 0xb8) continue;  // mov $number, %register
    __builtin_memcpy(&number, code + 1, sizeof number);
    if (number == SYS_futex) return number + 1;
  }
  return 0;
}

bool CodeIsReadable(uintptr_t first, uintptr_t last) {
  constexpr uintptr_t kPageMask = ~uintptr_t{4095};
  // The page of the next instruction is about to be executed.
  return (first & kPageMask) == (last & kPageMask) ||
         PageIsReadable(first & kPageMask);
}

}  // namespace

uintptr_t ContextStackPointer(const void* ucontext) {
  return static_cast<uintptr_t>(
      static_cast<const ucontext_t*>(ucontext)->uc_mcontext.gregs[REG_RSP]);
}

uintptr_t ContextProgramCounter(const void* ucontext) {
  return static_cast<uintptr_t>(
      static_cast<const ucontext_t*>(ucontext)->uc_mcontext.gregs[REG_RIP]);
}

void RestartInterruptedCall(void* ucontext, uint32_t call_number_plus_1) {
  ucontext_t* context = static_cast<ucontext_t*>(ucontext);
  greg_t* registers = context->uc_mcontext.gregs;
  uintptr_t after = static_cast<uintptr_t>(registers[REG_RIP]);
  if (registers[REG_RAX] == SYS_restart_syscall) {
    // A signal that came to nothing had the kernel put the call off; it was
    // about to go on, but our return from the handler voids that.
    after += 2;
    call_number_plus_1 = 0;
  } else if (registers[REG_RAX] != kInterrupted) {
    return;
  }
  if (call_number_plus_1 == SYS_restart_syscall + 1) call_number_plus_1 = 0;
  if (after < 4096 || !CodeIsReadable(after - 7, after)) return;
  const unsigned char* code = reinterpret_cast<const unsigned char*>(after);
  if (code[-2] != 0x0f || code[-1] != 0x05) return;
  if (call_number_plus_1 == 0) {
    const unsigned char* page =
        reinterpret_cast<const unsigned char*>((after - 7) & ~uintptr_t{4095});
    call_number_plus_1 = DecodeCallNumber(code, page, registers);
  }
  if (call_number_plus_1 == 0) return;
  if (!MayBeRepeated(call_number_plus_1 - 1)) return;
  if (ProgramSignalIsDue(context)) return;
  KeepCallDeadline(ucontext, call_number_plus_1 - 1);
  registers[REG_RAX] = call_number_plus_1 - 1;
  registers[REG_RIP] = static_cast<greg_t>(after - 2);
}

}  // namespace heapline

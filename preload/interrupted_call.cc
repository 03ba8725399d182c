// A system call that one of our signals interrupted goes on as if nothing had
// been. SA_RESTART does not cover poll, usleep, epoll_wait, select,
// sem_timedwait or sigtimedwait: they come back with -EINTR, which the program
// without us would not have seen. Before the handler returns it is turned back
// into the call: rax = number, rip on the `syscall` instruction again.
#include <errno.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "preload/call_deadline.h"
#include "preload/message.h"
#include "preload/next.h"
#include "preload/proc_files.h"
#include "preload/raw_call.h"
#include "preload/readable_memory.h"
#include "preload/reserved_signal.h"
#include "preload/stop_world.h"
#include "preload/sys.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

// pause and rt_sigsuspend, too: a signal of ours is none that they wait for.
// The program's own comes first or is found due below; one that comes between
// that look and the call is kept waiting by sigsuspend's mask, and for pause is
// what it is without us when a signal comes just before the call.
bool MayBeRepeated(uint32_t number) {
  switch (number) {
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
  // On what may be an alternate stack with no more room than it needs.
  SignalSets sets = {};
  return ReadSignalSets("/proc/thread-self/status", &sets)
             ? pending & sets.pending
             : pending;
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

// The number of a call that libc's syscall() makes, + 1, or 0: as its hook left
// it below the stack pointer.
uint32_t NumberLeftByHook(uintptr_t after_syscall, const greg_t* registers) {
  constexpr uintptr_t kFunctionBytes = 64;
  const uintptr_t function = reinterpret_cast<uintptr_t>(next::syscall);
  if (after_syscall - function > kFunctionBytes) return 0;
  const uint32_t* left = reinterpret_cast<const uint32_t*>(
      registers[REG_RSP] - static_cast<greg_t>(sizeof(uint64_t)));
  return left[1] == kRawCallMark && left[0] < 1024 ? left[0] + 1 : 0;
}

// The number of the call before `after_syscall`, + 1, or 0: `mov $number, %eax`
// right before it; in the C library the nearest one, as there nothing stands
// between but what loads the arguments. Its futex waits load the number into
// any register; those are known by their arguments too.
uint32_t DecodeCallNumber(const unsigned char* after_syscall,
                          const unsigned char* readable_from,
                          const greg_t* registers) {
  const ptrdiff_t reach =
      IsInLibc(reinterpret_cast<uintptr_t>(after_syscall)) ? 64 : 8;
  constexpr uint32_t kNumbers = 512;
  const long operation = registers[REG_RSI] & 0x7f;
  const bool may_be_futex = operation == 0 || operation == 9;  // …_BITSET
  const unsigned char* code = after_syscall - 7;
  for (; code > readable_from && after_syscall - code < reach; --code) {
    if ((code[0] & 0xf8) != 0xb8) continue;  // mov $number, %register
    uint32_t number;
    __builtin_memcpy(&number, code + 1, sizeof number);
    if (may_be_futex && number == SYS_futex) return number + 1;
    // 0xb8 after a REX prefix loads another register.
    const bool is_eax = code[0] == 0xb8 && (code[-1] & 0xf0) != 0x40;
    if (is_eax && number < kNumbers) return number + 1;
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
  } else if (registers[REG_RAX] != -EINTR) {
    return;
  }
  if (call_number_plus_1 == SYS_restart_syscall + 1) call_number_plus_1 = 0;
  if (after < 4096 || !CodeIsReadable(after - 7, after)) return;
  const unsigned char* code = reinterpret_cast<const unsigned char*>(after);
  if (code[-2] != 0x0f || code[-1] != 0x05) return;
  if (call_number_plus_1 == 0) {
    const unsigned char* page =
        reinterpret_cast<const unsigned char*>((after - 7) & ~uintptr_t{4095});
    call_number_plus_1 = NumberLeftByHook(after, registers);
    if (call_number_plus_1 == 0) {
      call_number_plus_1 = DecodeCallNumber(code, page, registers);
    }
  }
  if (call_number_plus_1 == 0) return;
  if (!MayBeRepeated(call_number_plus_1 - 1)) return;
  if (ProgramSignalIsDue(context)) return;
  KeepCallDeadline(ucontext, call_number_plus_1 - 1);
  registers[REG_RAX] = call_number_plus_1 - 1;
  registers[REG_RIP] = static_cast<greg_t>(after - 2);
}

}  // namespace heapline

// The hooks that tell the tracer what becomes of the process: its end, another
// image, a seccomp filter, names of threads, libraries unloaded.
//
// A vfork child may call any of them in its parent's memory: ProcessEnds,
// BeforeExec and RestrictCalls know it and do nothing.
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "preload/lifecycle.h"
#include "preload/modules.h"
#include "preload/next.h"
#include "preload/raw_call.h"
#include "preload/sys.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"

#define HEAPLINE_EXPORT extern "C" __attribute__((visibility("default")))

namespace heapline {
namespace {

void EnsureStarted() {
  if (__builtin_expect(CurrentMode() == Mode::kUnset, 0)) StartTracer();
}

void NoteOwnNameChanged() {
  ThreadState* thread = current_thread;
  if (thread != nullptr) NoteNameChanged(thread);
}

// A pthread_t is its thread's TCB.
void NoteNameChangedOf(uintptr_t thread_pointer) {
  for (ThreadState* thread = FirstThreadState(); thread != nullptr;
       thread = thread->next) {
    if (thread->thread_pointer == thread_pointer) NoteNameChanged(thread);
  }
}

void NoteUnload() {
  const Mode mode = CurrentMode();
  if (mode == Mode::kTracing || mode == Mode::kForwarding) NoticeUnloads();
}

}  // namespace

// What syscall() is about to do besides execve and execveat. Called by its
// hook, with C linkage for the assembler's sake.
extern "C" __attribute__((visibility("hidden"))) void heapline_before_raw_call(
    long number, long first, long second) {
  switch (number) {
    case SYS_seccomp:
      if (first == 0 || first == 1) RestrictCalls();  // SECCOMP_SET_MODE_…
      break;
    case SYS_prctl:
      if (first == PR_SET_SECCOMP && second != 0) RestrictCalls();
      if (first == PR_SET_NAME) NoteOwnNameChanged();
      break;
    case SYS_exit_group:
      ProcessEnds();
      break;
    default:
      break;
  }
}

extern "C" long heapline_finish_raw_call(long result) {
  if (!sys::Failed(result)) return result;
  errno = static_cast<int>(-result);
  return -1;
}

extern "C" __attribute__((visibility("hidden"))) long heapline_raw_exec(
    long number, long a, long b, long c, long d, long e) {
  EnsureStarted();
  const ExecToken token =
      BeforeExec(reinterpret_cast<char* const*>(number == SYS_execve ? c : d));
  const long result = next::syscall(number, a, b, c, d, e);
  AfterFailedExec(token);
  return result;
}

}  // namespace heapline

using heapline::EnsureStarted;
namespace next = heapline::next;

// ---- Ends.

HEAPLINE_EXPORT __attribute__((noreturn)) void _exit(int status) {
  EnsureStarted();
  heapline::ProcessEnds();
  next::_exit(status);
  heapline::sys::ExitProcess(status);
}

HEAPLINE_EXPORT __attribute__((noreturn)) void _Exit(int status) {
  EnsureStarted();
  heapline::ProcessEnds();
  next::_Exit(status);
  heapline::sys::ExitProcess(status);
}

// ---- System calls by number. Before start the call is made here: another
// allocator that comes before us may be asking under its own lock, and what
// start asks of the loader would come back to it. Later the next function is
// jumped to, never called: what it is asked for may return twice (a raw clone
// onto another stack), and our frame must not lie between.
HEAPLINE_EXPORT __attribute__((naked)) long syscall(long, ...) {
  __asm__(
      "endbr64\n"
      "cmpq $0, _ZN8heapline4next7syscallE(%rip)\n"
      "je 3f\n"
      "cmpq $59, %rdi\n"  // execve
      "je 2f\n"
      "cmpq $322, %rdi\n"  // execveat
      "je 2f\n"
      "cmpq $231, %rdi\n"  // exit_group
      "je 1f\n"
      "cmpq $157, %rdi\n"  // prctl
      "je 1f\n"
      "cmpq $317, %rdi\n"  // seccomp
      "je 1f\n"
      "0:\n"
      // For a handler that interrupts the call and has to make it again
      // (interrupted_call.cc): signal frames keep clear of these eight bytes,
      // and libc's function leaves the stack alone.
      "movl %edi, -8(%rsp)\n"
      "movl $0x686c7363, -4(%rsp)\n"
      "jmp *_ZN8heapline4next7syscallE(%rip)\n"
      "1:\n"
      "pushq %rdi\n"
      ".cfi_adjust_cfa_offset 8\n"
      "pushq %rsi\n"
      ".cfi_adjust_cfa_offset 8\n"
      "pushq %rdx\n"
      ".cfi_adjust_cfa_offset 8\n"
      "pushq %rcx\n"
      ".cfi_adjust_cfa_offset 8\n"
      "pushq %r8\n"
      ".cfi_adjust_cfa_offset 8\n"
      "pushq %r9\n"
      ".cfi_adjust_cfa_offset 8\n"
      "subq $8, %rsp\n"
      ".cfi_adjust_cfa_offset 8\n"
      "call heapline_before_raw_call\n"
      "addq $8, %rsp\n"
      ".cfi_adjust_cfa_offset -8\n"
      "popq %r9\n"
      ".cfi_adjust_cfa_offset -8\n"
      "popq %r8\n"
      ".cfi_adjust_cfa_offset -8\n"
      "popq %rcx\n"
      ".cfi_adjust_cfa_offset -8\n"
      "popq %rdx\n"
      ".cfi_adjust_cfa_offset -8\n"
      "popq %rsi\n"
      ".cfi_adjust_cfa_offset -8\n"
      "popq %rdi\n"
      ".cfi_adjust_cfa_offset -8\n"
      "jmp 0b\n"
      "2:\n"
      "jmp heapline_raw_exec\n"
      "3:\n"
      "movq %rdi, %rax\n"
      "movq %rsi, %rdi\n"
      "movq %rdx, %rsi\n"
      "movq %rcx, %rdx\n"
      "movq %r8, %r10\n"
      "movq %r9, %r8\n"
      "movq 8(%rsp), %r9\n"
      "syscall\n"
      "movq %rax, %rdi\n"
      "jmp heapline_finish_raw_call\n");
}

static_assert(SYS_execve == 59 && SYS_execveat == 322 &&
                  SYS_exit_group == 231 && SYS_prctl == 157 &&
                  SYS_seccomp == 317 && heapline::kRawCallMark == 0x686c7363,
              "the numbers in syscall()");

HEAPLINE_EXPORT int prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  const unsigned long a = va_arg(list, unsigned long);
  const unsigned long b = va_arg(list, unsigned long);
  const unsigned long c = va_arg(list, unsigned long);
  const unsigned long d = va_arg(list, unsigned long);
  va_end(list);
  heapline::heapline_before_raw_call(SYS_prctl, option, static_cast<long>(a));
  if (next::prctl == nullptr) {
    return static_cast<int>(
        heapline::heapline_finish_raw_call(heapline::sys::Call(
            SYS_prctl, option, static_cast<long>(a), static_cast<long>(b),
            static_cast<long>(c), static_cast<long>(d))));
  }
  return next::prctl(option, a, b, c, d);
}

// ---- Names of threads: the outermost node of their stacks.

HEAPLINE_EXPORT int pthread_setname_np(unsigned long thread, const char* name) {
  EnsureStarted();
  const int result = next::pthread_setname_np(thread, name);
  if (result == 0) heapline::NoteNameChangedOf(thread);
  return result;
}

// ---- Libraries that go away.

HEAPLINE_EXPORT int dlclose(void* library) {
  EnsureStarted();
  const int result = next::dlclose(library);
  heapline::NoteUnload();
  return result;
}

// By every library's own destructor, also where it was not dlclose that let it
// go; called before the mapping is gone, so what is found here is old.
HEAPLINE_EXPORT void __cxa_finalize(void* library) {
  EnsureStarted();
  next::__cxa_finalize(library);
  heapline::NoteUnload();
}

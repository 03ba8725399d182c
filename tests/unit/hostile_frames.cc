#include "tests/unit/hostile_frames.h"

#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <vector>

namespace heapline {

void Use(const volatile void* memory) {
  __asm__ volatile("" : : "r"(memory) : "memory");
}

namespace {

#define HEAPLINE_NOINLINE __attribute__((noinline, noclone))

volatile int variable_size = 100;

HEAPLINE_NOINLINE void Plain(Inward inward) {
  inward();
  Use(nullptr);
}

HEAPLINE_NOINLINE void WithAlloca(Inward inward) {
  char* memory = static_cast<char*>(alloca(variable_size * 3));
  memory[0] = 1;
  Use(memory);
  inward();
  Use(memory);
}

HEAPLINE_NOINLINE void WithVariableArray(Inward inward) {
  char memory[variable_size];  // NOLINT: what is tested
  memory[1] = 1;
  Use(memory);
  inward();
  Use(memory);
}

HEAPLINE_NOINLINE void Realigned(Inward inward) {
  alignas(128) char memory[256];
  memory[0] = 1;
  Use(memory);
  inward();
  Use(memory);
}

HEAPLINE_NOINLINE void RealignedWithAlloca(Inward inward) {
  alignas(64) char memory[64];
  char* more = static_cast<char*>(alloca(variable_size));
  more[0] = memory[0] = 1;
  Use(memory);
  Use(more);
  inward();
  Use(memory);
  Use(more);
}

HEAPLINE_NOINLINE void Large(Inward inward) {
  char memory[40000];
  memory[variable_size] = 1;
  Use(memory);
  inward();
  Use(memory);
}

HEAPLINE_NOINLINE long Registers(Inward inward, long a, long b, long c, long d,
                                 long e) {
  const long f = a * b, g = b * c, h = c * d, i = d * e, j = e * a, k = a ^ c;
  Use(&variable_size);
  inward();
  Use(&variable_size);
  return f + g * 3 + h * 5 + i * 7 + j * 11 + k * 13;
}
void AllRegisters(Inward inward) {
  const int n = variable_size;
  const long result = Registers(inward, n, n + 1, n + 2, n + 3, n + 4);
  Use(&result);
}

thread_local Inward pending;

int CompareInside(const void* a, const void* b) {
  if (pending != nullptr) {
    const Inward inward = pending;
    pending = nullptr;
    inward();
  }
  return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}
HEAPLINE_NOINLINE void CalledBack(Inward inward) {
  int numbers[] = {5, 3, 4, 1, 2};
  pending = inward;
  qsort(numbers, 5, sizeof(int), CompareInside);
  Use(numbers);
}

HEAPLINE_NOINLINE void Throw() { throw variable_size; }
HEAPLINE_NOINLINE void Catching(Inward inward) {
  try {
    Throw();
  } catch (int) {
    inward();
  }
}

struct InwardOnExit {
  Inward inward;
  ~InwardOnExit() { inward(); }
};
HEAPLINE_NOINLINE void Passed(Inward inward) {
  InwardOnExit at_exit{inward};
  Throw();
}
HEAPLINE_NOINLINE void WhilePassing(Inward inward) {
  try {
    Passed(inward);
  } catch (int) {
    Use(nullptr);
  }
}

thread_local Inward pending_in_handler;

void Handle(int) {
  const Inward inward = pending_in_handler;
  pending_in_handler = nullptr;
  if (inward != nullptr) inward();
}

void RaiseWithFlags(Inward inward, int flags) {
  struct sigaction action = {};
  struct sigaction old;
  action.sa_handler = Handle;
  action.sa_flags = SA_NODEFER | flags;
  sigaction(SIGUSR1, &action, &old);
  pending_in_handler = inward;
  raise(SIGUSR1);
  sigaction(SIGUSR1, &old, nullptr);
}

HEAPLINE_NOINLINE void InHandler(Inward inward) {
  RaiseWithFlags(inward, 0);
  Use(nullptr);
}

HEAPLINE_NOINLINE void InHandlerOnOwnStack(Inward inward) {
  const size_t bytes = 1 << 20;
  stack_t stack = {};
  stack_t old;
  stack.ss_sp = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack.ss_size = bytes;
  const bool is_set = sigaltstack(&stack, &old) == 0;
  RaiseWithFlags(inward, SA_ONSTACK);
  if (is_set) {
    old.ss_flags &= SS_DISABLE;
    sigaltstack(&old, nullptr);
  }
  munmap(stack.ss_sp, bytes);
}

struct Coroutine {
  ucontext_t outside;
  ucontext_t inside;
  Inward inward;
};
thread_local Coroutine* starting;

void RunCoroutine() {
  Coroutine* self = starting;
  self->inward();
  Use(self);
}

HEAPLINE_NOINLINE void OnCoroutine(Inward inward) {
  // Recycled by malloc, so that old frames lie about on it.
  std::vector<char> stack(256 << 10);
  Coroutine coroutine;
  coroutine.inward = inward;
  starting = &coroutine;
  getcontext(&coroutine.inside);
  coroutine.inside.uc_stack.ss_sp = stack.data();
  coroutine.inside.uc_stack.ss_size = stack.size();
  coroutine.inside.uc_link = &coroutine.outside;
  makecontext(&coroutine.inside, RunCoroutine, 0);
  swapcontext(&coroutine.outside, &coroutine.inside);
}

struct Leave {
  jmp_buf where;
  Inward inward;
};

[[noreturn]] HEAPLINE_NOINLINE void LeaveByJump(Leave* leave) {
  longjmp(leave->where, 1);
}
// The call is the last instruction: its return address lies after the function.
[[noreturn]] HEAPLINE_NOINLINE void NeverReturns(Leave* leave) {
  leave->inward();
  LeaveByJump(leave);
}
HEAPLINE_NOINLINE void LeftByJump(Inward inward) {
  Leave leave;
  leave.inward = inward;
  if (setjmp(leave.where) == 0) NeverReturns(&leave);
  Use(&leave);
}

}  // namespace

const HostileFrame kHostileFrame[kHostileFrames] = {
    Plain,        WithAlloca,          WithVariableArray,
    Realigned,    RealignedWithAlloca, Large,
    AllRegisters, CalledBack,          Catching,
    WhilePassing, InHandler,           InHandlerOnOwnStack,
    OnCoroutine,  LeftByJump};

bool MayNest(int number) {
  // A stack in use for signals cannot be replaced; exceptions that pass
  // through destructors must not meet.
  return number < 8 || number == 13;
}

}  // namespace heapline

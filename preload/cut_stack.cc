#include "preload/cut_stack.h"

#include <stddef.h>

#include "preload/pages.h"

namespace heapline {

namespace {

// As much as the writing child has: where clone is refused, the file is written
// from here.
constexpr size_t kStackBytes = 128 << 10;

char* stack;

}  // namespace

// (function, argument, top): saves the callee-saved registers, tells where they
// stand, and goes on at `top` unless that is NULL.
extern "C" __attribute__((naked, visibility("hidden"))) void
heapline_call_on_stack(CutStackFunction, void*, void*) {
  __asm__(
      "endbr64\n"
      "pushq %rbp\n"
      ".cfi_def_cfa_offset 16\n"
      ".cfi_offset rbp, -16\n"
      "movq %rsp, %rbp\n"
      ".cfi_def_cfa_register rbp\n"
      "pushq %rbx\n"
      "pushq %r12\n"
      "pushq %r13\n"
      "pushq %r14\n"
      "pushq %r15\n"
      "movq %rdi, %rax\n"
      "movq %rsi, %rdi\n"
      "movq %rsp, %rsi\n"
      "subq $8, %rsp\n"
      "testq %rdx, %rdx\n"
      "cmovnzq %rdx, %rsp\n"
      "call *%rax\n"
      "leaq -40(%rbp), %rsp\n"
      "popq %r15\n"
      "popq %r14\n"
      "popq %r13\n"
      "popq %r12\n"
      "popq %rbx\n"
      "popq %rbp\n"
      ".cfi_def_cfa rsp, 8\n"
      "ret\n");
}

void CallOnCutStack(CutStackFunction function, void* argument) {
  if (stack == nullptr) {
    stack = static_cast<char*>(MapPages(kStackBytes, PageUse::kEssential));
  }
  heapline_call_on_stack(function, argument,
                         stack == nullptr ? nullptr : stack + kStackBytes);
}

}  // namespace heapline

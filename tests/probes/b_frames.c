/* b_frames.c: allocations under frames that tell nothing or lie about where
 * their caller is: wrong unwind rules, none, frame pointers that lead nowhere,
 * code made at run time, a stack of one page between others that must not be
 * read, instructions before and behind a function's body, the vDSO. A tracer
 * that believes them faults. The argument says how many rounds. */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

#include "allocating_handler.h"
#include "census.h"
#include "heapline/heapline.h"

static int rounds;
static int done;

__attribute__((used)) static void allocate_here(void) {
  free(realloc(calloc(3, 33), 500));
  done++;
}

/* void call_with_…(void (*function)(void), uintptr_t value) */
#define FUNCTION(name, body)                                                  \
  __asm__(".text\n.p2align 4\n.globl " #name "\n.type " #name                 \
          ", @function\n" #name ":\n" body ".size " #name ", .-" #name "\n"); \
  extern void name(void (*)(void), uintptr_t)

/* The rule says that the caller is 4 KiB further up than it is. */
FUNCTION(call_with_far_rule,
         ".cfi_startproc\n.cfi_def_cfa_offset 4104\n"
         "subq $8, %rsp\n call *%rdi\n addq $8, %rsp\n ret\n.cfi_endproc\n");
/* … that it is below us. */
FUNCTION(call_with_low_rule,
         ".cfi_startproc\n.cfi_def_cfa_offset -64\n"
         "subq $8, %rsp\n call *%rdi\n addq $8, %rsp\n ret\n.cfi_endproc\n");
/* … that it is where rbp points, which is anywhere. */
FUNCTION(call_with_wild_rule,
         ".cfi_startproc\n.cfi_def_cfa rbp, 16\n"
         "pushq %rbp\n movq %rsi, %rbp\n call *%rdi\n popq %rbp\n ret\n"
         ".cfi_endproc\n");
/* No rule at all, and an rbp that is anything. */
FUNCTION(call_with_no_rule,
         "pushq %rbp\n movq %rsi, %rbp\n call *%rdi\n popq %rbp\n ret\n");
/* A rule that leads in a circle: the caller's frame is this one. */
FUNCTION(call_with_circular_rule,
         ".cfi_startproc\n.cfi_def_cfa_offset 8\n"
         "subq $8, %rsp\n call *%rdi\n addq $8, %rsp\n ret\n.cfi_endproc\n");
/* The return address is said to be nowhere, but this is no outermost frame. */
FUNCTION(call_with_undefined_return,
         ".cfi_startproc\n.cfi_undefined rip\n"
         "subq $8, %rsp\n call *%rdi\n addq $8, %rsp\n ret\n.cfi_endproc\n");
/* An expression that reads through whatever rsi was: *(rbp + 8). */
FUNCTION(call_with_expression,
         ".cfi_startproc\n.cfi_escape 0x0f, 3, 0x76, 8, 6\n"
         "pushq %rbp\n movq %rsi, %rbp\n call *%rdi\n popq %rbp\n ret\n"
         ".cfi_endproc\n");

static void odd_frames(void) {
  int here;
  char* page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(page + 4096, 4096, PROT_NONE);
  const uintptr_t values[] = {0,
                              1,
                              8,
                              4096,
                              0xdeadbeef,
                              0x7fffffffffffull,
                              0x800000000000ull,
                              (uintptr_t)-8,
                              (uintptr_t)-4096,
                              (uintptr_t)&here,
                              (uintptr_t)&here + 3,
                              (uintptr_t)&here - 100000,
                              (uintptr_t)page + 4096 - 8,
                              (uintptr_t)page + 4096 - 4,
                              (uintptr_t)page + 4096,
                              (uintptr_t)page + 8192 - 8,
                              (uintptr_t)&odd_frames};
  for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
    call_with_far_rule(allocate_here, values[i]);
    call_with_low_rule(allocate_here, values[i]);
    call_with_wild_rule(allocate_here, values[i]);
    call_with_no_rule(allocate_here, values[i]);
    call_with_circular_rule(allocate_here, values[i]);
    call_with_undefined_return(allocate_here, values[i]);
    call_with_expression(allocate_here, values[i]);
  }
  munmap(page, 3 * 4096);
}

/* mov %rdi, %rax; sub $8, %rsp; call *%rax; add $8, %rsp; ret, with and without
 * a frame pointer that is garbage. */
static void made_code(void) {
  static const unsigned char code[] = {0x55, 0x48, 0x89, 0xf5,
                                       0xff, 0xd7, 0x5d, 0xc3};
  char* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(page, code, sizeof code);
  mprotect(page, 4096, PROT_READ | PROT_EXEC);
  void (*call)(void (*)(void), uintptr_t) =
      (void (*)(void (*)(void), uintptr_t))(void*)page;
  call(allocate_here, 0);
  call(allocate_here, 0x41414141);
  call(allocate_here, (uintptr_t)page);
  call(allocate_here, (uintptr_t)__builtin_frame_address(0));
  munmap(page, 4096);
}

/* A stack of two pages between pages that must not be read, whose outermost
 * frame has no return address that means anything. */
static char* isolated_top;
static ucontext_t before;
__attribute__((used)) static void on_isolated_stack(void) {
  allocate_here();
  setcontext(&before);
}
FUNCTION(enter_stack, "movq %rsi, %rsp\n pushq $-1\n jmp *%rdi\n");

static void isolated_stack(void) {
  char* all =
      mmap(NULL, 6 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(all + 4096, 4 * 4096, PROT_READ | PROT_WRITE);
  isolated_top = all + 5 * 4096;
  for (volatile int i = 0; i < 3; i = i + 1) {
    volatile int is_back = 0;
    getcontext(&before);
    if (is_back) continue;
    is_back = 1;
    /* Up to the very end of the page, and unaligned as no compiler would. */
    enter_stack(on_isolated_stack, (uintptr_t)isolated_top - (i == 0 ? 0 : 16));
  }
  munmap(all, 6 * 4096);
}

/* A stack pointer whose frames lead into memory that goes away between one
 * allocation and the next, in ways that no interposed function tells of. */
static void vanishing_neighbour(void) {
  for (int i = 0; i < 4; i++) {
    size_t bytes = (size_t)1 << 22;
    char* block = malloc(bytes); /* a mapping of its own */
    memset(block, 0, bytes);
    uintptr_t inside = ((uintptr_t)block + bytes / 2) & ~(uintptr_t)15;
    call_with_wild_rule(allocate_here, inside);
    call_with_expression(allocate_here, inside);
    free(block); /* unmapped by the C library itself */
    call_with_wild_rule(allocate_here, inside);
    call_with_expression(allocate_here, inside);
    char* page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    call_with_wild_rule(allocate_here, (uintptr_t)page + 4096);
    if (i % 2 == 0) {
      munmap(page, 8192);
    } else {
      syscall(SYS_munmap, page, 8192);
    }
    call_with_wild_rule(allocate_here, (uintptr_t)page + 4096);
    page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    call_with_wild_rule(allocate_here, (uintptr_t)page + 4096);
    if (i % 2 == 0) {
      mprotect(page + 4096, 4096, PROT_NONE);
    } else {
      syscall(SYS_mprotect, page + 4096, 4096, PROT_NONE);
    }
    call_with_wild_rule(allocate_here, (uintptr_t)page + 4096);
    munmap(page, 8192);
  }
}

/* Handlers that allocate come at every instruction of small functions, of
 * lazily bound calls and of the vDSO. */
__attribute__((noinline)) static long small(long a, long b, long c) {
  volatile long pushed[3] = {a, b, c};
  return pushed[0] + pushed[1] * pushed[2];
}
static void between_instructions(void) {
  struct sigaction action = {0};
  struct itimerval every = {{0, 200}, {0, 200}};
  struct itimerval never = {{0, 0}, {0, 0}};
  long sum = 0;
  action.sa_handler = allocate_in_handler;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &every, NULL);
  while (handled < rounds * 200) {
    struct timespec time;
    for (int i = 0; i < 100; i++) {
      sum += small(i, sum, 3);
      clock_gettime(CLOCK_MONOTONIC, &time);
      sum += time.tv_nsec + getppid();
    }
  }
  setitimer(ITIMER_REAL, &never, NULL);
  if (sum == 42) printf("a rare sum\n");
}

int main(int count, char** arguments) {
  rounds = count > 1 ? atoi(arguments[1]) : 1;
  for (int i = 0; i < rounds; i++) {
    odd_frames();
    made_code();
    isolated_stack();
    vanishing_neighbour();
    heapline_snapshot("between");
  }
  printf("%d allocations\n", done);
  between_instructions();
  census("at the end");
  return 0;
}

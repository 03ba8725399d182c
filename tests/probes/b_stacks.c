/* b_stacks.c: allocations on stacks of every kind, with snapshots cut
 * meanwhile. The first argument names the kind, the second says how many
 * rounds. At the end exactly ten blocks of 54321 bytes are alive. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#include "allocating_handler.h"
#include "busy_threads.h"
#include "census.h"
#include "heapline/heapline.h"

static int rounds;
static int wrong;
static void* volatile kept[10];

/* A thread that cuts snapshots until told to end, one at least. */
static volatile int cutting;
static pthread_t cutter;
static void* cut(void* unused) {
  do {
    heapline_snapshot("stacks");
    usleep(3000);
  } while (cutting);
  return unused;
}
static void start_cutting(void) {
  cutting = 1;
  pthread_create(&cutter, NULL, cut, NULL);
}
static void stop_cutting(void) {
  cutting = 0;
  pthread_join(cutter, NULL);
}

/* A stack with a page on either side that must not be touched. */
static char* guarded_stack(size_t bytes) {
  char* all = mmap(NULL, bytes + 8192, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (all == MAP_FAILED ||
      mprotect(all + 4096, bytes, PROT_READ | PROT_WRITE) != 0) {
    wrong++;
    exit(2);
  }
  return all + 4096;
}

/* The recursion is no loop, and each frame holds something. */
__attribute__((noinline)) static unsigned descend(unsigned depth, char* above) {
  char here[16];
  here[0] = above[0];
  here[1] = (char)depth;
  if (depth == 0) {
    for (int i = 0; i < 200; i++) free(malloc(i + 1));
    return here[0];
  }
  if (depth % 5000 == 0) free(realloc(malloc(10), depth % 900 + 1));
  return descend(depth - 1, here) + here[1];
}

static void deep(void) {
  start_cutting();
  char first[16] = "x";
  for (int i = 0; i < rounds; i++) {
    if (descend(60000, first) == 1) wrong++;
  }
  stop_cutting();
}

/* Alternate signal stacks: one of the usual 16 KiB, one as small as the kernel
 * allows with a little room for a handler, both with guard pages. */
static void stand_in_handler(int signal) {
  (void)signal;
  handled = handled + 1;
  struct timespec time = {0, 4000000};
  nanosleep(&time, NULL); /* stopped here, on the alternate stack */
}

static void alternate(size_t bytes, void (*handler)(int)) {
  bytes = (bytes + 4095) & ~(size_t)4095;
  stack_t stack = {guarded_stack(bytes), 0, bytes};
  struct sigaction action = {0};
  if (sigaltstack(&stack, NULL) != 0) wrong++;
  action.sa_handler = handler;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR2, &action, NULL);
  start_cutting();
  for (int i = 0; i < rounds; i++) {
    raise(SIGUSR2);
    for (volatile int j = 0; j < 20000; j++) {
    }
    usleep(500);
  }
  stop_cutting();
  if (handled != rounds) wrong++;
  handled = 0;
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, NULL);
  munmap(stack.ss_sp, bytes);
}

static void alternate_stacks(void) {
  size_t least = getauxval(51 /* AT_MINSIGSTKSZ */);
  if (least < 2048) least = 2048;
  alternate(16384, allocate_in_handler);
  alternate(16384, stand_in_handler);
  /* What Rust gives each thread: 8 KiB, or the kernel's least if that is
   * more. */
  alternate(least > 8192 ? least : 8192, stand_in_handler);
}

/* 64 coroutines of 16 KiB, resumed in turn, on blocks that are freed and made
 * anew, beside others on mappings. */
enum { kCoroutines = 64, kCoroutineStack = 16384 };
static ucontext_t scheduler, coroutines[kCoroutines];
static char* stacks[kCoroutines];

__attribute__((noinline)) static void nested_work(int depth, int which) {
  char* block = malloc(which * 10 + depth + 1);
  block[0] = 1;
  if (depth > 0) {
    nested_work(depth - 1, which);
  } else {
    swapcontext(&coroutines[which], &scheduler);
  }
  free(realloc(block, 500));
}

static void coroutine(int which) {
  for (int i = 0; i < 4; i++) nested_work(i * 2, which);
}

static void run_coroutines(void) {
  for (int i = 0; i < kCoroutines; i++) {
    stacks[i] =
        i % 2 == 0 ? malloc(kCoroutineStack) : guarded_stack(kCoroutineStack);
    getcontext(&coroutines[i]);
    coroutines[i].uc_stack.ss_sp = stacks[i];
    coroutines[i].uc_stack.ss_size = kCoroutineStack;
    coroutines[i].uc_link = &scheduler;
    makecontext(&coroutines[i], (void (*)(void))coroutine, 1, i);
  }
  for (int turn = 0; turn < 5; turn++) {
    for (int i = 0; i < kCoroutines; i++) {
      swapcontext(&scheduler, &coroutines[i]);
    }
  }
  for (int i = 0; i < kCoroutines; i++) {
    if (i % 2 == 0) {
      free(stacks[i]);
    } else {
      munmap(stacks[i] - 4096, kCoroutineStack + 8192);
    }
  }
}

static void* run_coroutine_rounds(void* unused) {
  for (int i = 0; i < rounds; i++) run_coroutines();
  return unused;
}

static void contexts(void) {
  start_cutting();
  run_coroutine_rounds(NULL);
  pthread_t thread; /* and off the main thread */
  pthread_create(&thread, NULL, run_coroutine_rounds, NULL);
  pthread_join(thread, NULL);
  stop_cutting();
}

/* longjmp out of deep calls, over frames that hold blocks. */
static jmp_buf home;
__attribute__((noinline)) static void descend_and_jump(int depth) {
  free(malloc(depth + 1));
  if (depth == 0) longjmp(home, 1);
  descend_and_jump(depth - 1);
  free(malloc(depth + 2));
}
static void jumps(void) {
  start_cutting();
  for (volatile int i = 0; i < rounds; i = i + 1) {
    if (setjmp(home) == 0) descend_and_jump(i % 60);
    free(malloc(10));
  }
  stop_cutting();
}

int main(int count, char** arguments) {
  const char* which = count > 2 ? arguments[1] : "";
  rounds = count > 2 ? atoi(arguments[2]) : 0;
  for (int i = 0; i < 10; i++) kept[i] = malloc(54321);
  if (!strcmp(which, "deep")) deep();
  if (!strcmp(which, "alternate")) alternate_stacks();
  if (!strcmp(which, "contexts")) contexts();
  if (!strcmp(which, "jumps")) jumps();
  printf("%d wrong\n", wrong);
  census("at the end");
  return 0;
}

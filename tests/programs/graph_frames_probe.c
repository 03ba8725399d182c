/* graph_frames_probe.c: pointers in threads, their stacks and registers, and
 * what is left of them when the process ends (graph_probe.h). */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "graph_probe.h"

static __thread void* in_tls;

/* ---- Threads. */

static sem_t is_ready, may_go;
static volatile int go_on = 1;
static Hidden given;

static void wait_ready(void) {
  while (sem_wait(&is_ready) != 0) continue;
}

static void* hold_on_stack(void* unused) {
  (void)unused;
  void* volatile local;
  put((void*)&local, given, 0);
  tell("source", (uintptr_t)&local);
  tell("owner", (uintptr_t)syscall(SYS_gettid));
  wipe();
  sem_post(&is_ready);
  while (sem_wait(&may_go) != 0) continue;
  return local == NULL ? unused : NULL;
}

static void* hold_in_tls(void* unused) {
  put(&in_tls, given, 0);
  tell("source", (uintptr_t)&in_tls);
  tell("owner", (uintptr_t)syscall(SYS_gettid));
  wipe();
  sem_post(&is_ready);
  while (sem_wait(&may_go) != 0) continue;
  return unused;
}

static void* hold_in_register(void* unused) {
  tell("owner", (uintptr_t)syscall(SYS_gettid));
  wipe();
  sem_post(&is_ready);
  __asm__ volatile(
      "movq %1, %%r12\n"
      "notq %%r12\n"
      "1: pause\n"
      "cmpl $0, %0\n"
      "jne 1b\n"
      "xorl %%r12d, %%r12d\n"
      :
      : "m"(go_on), "m"(given)
      : "r12", "memory", "cc");
  return unused;
}

static void* hold_in_vector(void* unused) {
  tell("owner", (uintptr_t)syscall(SYS_gettid));
  wipe();
  sem_post(&is_ready);
  __asm__ volatile(
      "movq %1, %%rax\n"
      "notq %%rax\n"
      "pxor %%xmm9, %%xmm9\n"
      "movq %%rax, %%xmm9\n"
      "xorl %%eax, %%eax\n"
      "1: pause\n"
      "cmpl $0, %0\n"
      "jne 1b\n"
      "pxor %%xmm9, %%xmm9\n"
      :
      : "m"(go_on), "m"(given)
      : "rax", "xmm9", "memory", "cc");
  return unused;
}

static void in_thread(void* (*routine)(void*)) {
  pthread_t thread;
  given = make_told(40);
  if (pthread_create(&thread, NULL, routine, NULL) != 0) abort();
  wait_ready();
  usleep(20000);
  cut();
  go_on = 0;
  sem_post(&may_go);
  pthread_join(thread, NULL);
}

/* Of 20 threads one after the other, each on the stack of the one before or
 * beside it; the last pointer of each stays behind there. */
static void exited_thread(void) {
  given = make_told(40);
  pthread_t threads[4];
  for (int i = 0; i < 5; ++i) {
    for (int t = 0; t < 4; ++t) {
      sem_post(&may_go);
      if (pthread_create(&threads[t], NULL,
                         t % 2 == 0 ? hold_on_stack : hold_in_tls, NULL) != 0) {
        abort();
      }
    }
    for (int t = 0; t < 4; ++t) pthread_join(threads[t], NULL);
  }
  cut();
}

/* ---- Stacks that are no thread's own. */

static ucontext_t outside, inside;

static void coroutine_body(void) {
  void* volatile local;
  put((void*)&local, given, 0);
  tell("source", (uintptr_t)&local);
  if (go_on == 1) {
    cut();
  } else {
    swapcontext(&inside, &outside);
  }
  if (local == NULL) abort();
}

static void run_coroutine(char* stack, size_t bytes) {
  if (getcontext(&inside) != 0) abort();
  inside.uc_stack.ss_sp = stack;
  inside.uc_stack.ss_size = bytes;
  inside.uc_link = &outside;
  makecontext(&inside, coroutine_body, 0);
  if (swapcontext(&outside, &inside) != 0) abort();
}

static void coroutine(void) {
  void* volatile local;
  put((void*)&local, make(56), 0);
  tell("other_block", (uintptr_t)local);
  tell("other_source", (uintptr_t)&local);
  given = make_told(40);
  run_coroutine(map(64 << 10), 64 << 10);
  if (local == NULL) abort();
}

static void coroutine_on_block(void) {
  given = make_told(40);
  const Hidden stack = make(64 << 10);
  tell("stack", ~stack);
  run_coroutine(seen(stack), 64 << 10);
}

static void coroutine_asleep(void) {
  go_on = 2;
  given = make_told(40);
  run_coroutine(map(64 << 10), 64 << 10);
  cut();
}

/* ---- The end of the process: no snapshot of ours. */

static void leave(void) {
  void* volatile dead[64];
  for (int i = 0; i < 64; ++i) put((void*)&dead[i], given, 0);
}

static void leave_words(void) {
  leave();
  /* The handlers that run after this one reuse the stack without writing to
   * all of it. */
}

static void main_returns(void) {
  void* volatile local;
  given = make_told(40);
  atexit(leave_words);
  put((void*)&local, given, 0);
  leave();
  if (local == NULL) abort();
}

APART static void exit_holding(void) {
  void* volatile local;
  put((void*)&local, given, 0);
  tell("source", (uintptr_t)&local);
  leave();
  exit(0);
}

static void exit_from_frame(void) {
  given = make_told(40);
  atexit(leave_words);
  exit_holding();
}

static void quick_exit_from_frame(void) {
  void* volatile local;
  given = make_told(40);
  put((void*)&local, given, 0);
  tell("source", (uintptr_t)&local);
  quick_exit(0);
}

static void plain_exit_from_frame(void) {
  void* volatile local;
  given = make_told(40);
  put((void*)&local, given, 0);
  tell("source", (uintptr_t)&local);
  _exit(0);
}

/* The pointer is in rbx alone when exit() is called, and exit() never
 * returns. */
static void exit_register(void) {
  given = make_told(40);
  atexit(leave_words);
  __asm__ volatile(
      "movq %0, %%rbx\n"
      "notq %%rbx\n"
      "xorl %%edi, %%edi\n"
      "andq $-16, %%rsp\n"
      "call exit@PLT\n"
      :
      : "m"(given)
      : "rbx", "rdi", "memory");
}

static void exit_beside_thread(void) {
  pthread_t thread;
  given = make_told(40);
  if (pthread_create(&thread, NULL, hold_on_stack, NULL) != 0) abort();
  wait_ready();
}

int main(int argc, char** argv) {
  static const struct Case kCases[] = {
      CASE(exited_thread),         CASE(coroutine),
      CASE(coroutine_on_block),    CASE(coroutine_asleep),
      CASE(main_returns),          CASE(exit_from_frame),
      CASE(quick_exit_from_frame), CASE(plain_exit_from_frame),
      CASE(exit_register),         CASE(exit_beside_thread)};
  static const struct {
    const char* name;
    void* (*routine)(void*);
  } kThreads[] = {CASE(hold_on_stack), CASE(hold_in_tls),
                  CASE(hold_in_register), CASE(hold_in_vector)};
  if (argc < 2) return 2;
  if (sem_init(&is_ready, 0, 0) != 0 || sem_init(&may_go, 0, 0) != 0) return 2;
  for (size_t i = 0; i < sizeof kThreads / sizeof *kThreads; ++i) {
    if (strcmp(argv[1], kThreads[i].name) != 0) continue;
    tell("tid", (uintptr_t)getpid());
    in_thread(kThreads[i].routine);
    return 0;
  }
  return run_case(kCases, sizeof kCases / sizeof *kCases, argv[1]) ? 0 : 2;
}

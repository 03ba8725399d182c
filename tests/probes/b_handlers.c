/* b_handlers.c: handlers that allocate, free and reallocate wherever in malloc
 * they come, 5 000 times a second, in several threads. Needs an allocator that
 * can stand it (signal_safe_malloc.c). The arguments: what handlers do at their
 * end ("return", or "jump" out of malloc by siglongjmp), and how many of them
 * there are to be.
 *
 * At the end exactly 100 blocks of 54321 bytes are alive that the threads made
 * and 50 of 65432 that handlers made. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "busy_threads.h"

enum { kThreads = 4 };
static volatile int handled;
static volatile int wanted;
static int jumps;
static __thread sigjmp_buf home;
static __thread volatile int may_jump;
static __thread void* ring[8];
static void* volatile kept_by_handlers[50];
static void* volatile kept[100];

static void handle(int signal) {
  int saved = errno;
  (void)signal;
  int number = __atomic_fetch_add(&handled, 1, __ATOMIC_RELAXED);
  free(ring[number % 8]);
  ring[number % 8] = malloc(number % 900 + 1);
  ring[number % 8] = realloc(ring[number % 8], number % 1700 + 1);
  free(calloc(3, 50));
  if (number < 50) kept_by_handlers[number] = malloc(65432);
  errno = saved;
  if (jumps && may_jump) siglongjmp(home, 1);
}

static void arm(timer_t* timer) {
  struct itimerspec times = {{0, 800000}, {0, 800000}}; /* 4 × 1 250 a second */
  struct sigevent event = {0};
  event.sigev_notify = SIGEV_THREAD_ID;
  event._sigev_un._tid = gettid();
  event.sigev_signo = SIGUSR1;
  timer_create(CLOCK_MONOTONIC, &event, timer);
  timer_settime(*timer, 0, &times, NULL);
}

static void* work(void* seed) {
  static __thread void* blocks[64];
  static __thread unsigned random;
  timer_t timer;
  random = (unsigned)(size_t)seed;
  arm(&timer);
  /* A handler may bring us back here out of any of the calls below; the block
   * that was being moved is then lost to both runs alike. */
  sigsetjmp(home, 1);
  may_jump = 1;
  while (handled < wanted) busy_burst(blocks, 64, &random);
  may_jump = 0;
  timer_delete(timer);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  for (int i = 0; i < 64; i++) free(blocks[i]);
  for (int i = 0; i < 8; i++) free(ring[i]);
  for (int i = 0; i < 100 / kThreads; i++) {
    kept[(size_t)seed * (100 / kThreads) + i] = malloc(54321);
  }
  return NULL;
}

int main(int count, char** arguments) {
  struct sigaction action = {0};
  pthread_t threads[kThreads];
  stack_t alternate = {malloc(16384), 0, 16384};
  jumps = count > 2 && !strcmp(arguments[1], "jump");
  wanted = count > 2 ? atoi(arguments[2]) : 0;
  sigaltstack(&alternate, NULL);
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART | (jumps ? 0 : SA_ONSTACK);
  sigaction(SIGUSR1, &action, NULL);
  for (size_t i = 1; i < kThreads; i++) {
    pthread_create(&threads[i], NULL, work, (void*)i);
  }
  work((void*)0);
  for (int i = 1; i < kThreads; i++) pthread_join(threads[i], NULL);
  printf("%s\n", handled >= wanted ? "all handled" : "too few");
  return 0;
}

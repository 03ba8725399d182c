/* b_deaf.c: threads to which signals come in other ways than by handlers, or
 * not at all, while snapshots are cut: every one must stop, and none may see a
 * signal that is not the program's. The argument says how many snapshots. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>

#include "census.h"
#include "heapline/heapline.h"

enum { kOwnSignals = 20 };
static volatile int go_on = 1;
static int wrong;
static int seen[4];

static void note(int which, int number) {
  if (number == SIGUSR1 || number == SIGRTMIN + 3) {
    __atomic_add_fetch(&seen[which], 1, __ATOMIC_RELAXED);
  } else {
    __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
  }
}

static void block_all(void) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static void* compute(void* unused) {
  block_all();
  for (unsigned i = 0; go_on; i++) {
    free(malloc(i % 1000));
    if (i % 256 == 0) usleep(100);
  }
  return unused;
}

static void* wait_for_all(void* unused) {
  sigset_t all;
  sigfillset(&all);
  block_all();
  for (;;) {
    int number = 0;
    if (sigwait(&all, &number) != 0) {
      __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
    }
    if (number == SIGTERM) return unused;
    note(0, number);
  }
}

static void* wait_with_timeout(void* unused) {
  sigset_t all;
  sigfillset(&all);
  block_all();
  for (;;) {
    siginfo_t info;
    struct timespec time = {30, 0};
    int number = sigtimedwait(&all, &info, &time);
    if (number == SIGTERM) return unused;
    note(1, number);
  }
}

static void* wait_for_information(void* unused) {
  sigset_t all;
  sigfillset(&all);
  block_all();
  for (;;) {
    siginfo_t info;
    int number = sigwaitinfo(&all, &info);
    if (number == SIGTERM) return unused;
    note(2, number);
  }
}

static void* read_signals(void* unused) {
  sigset_t all;
  struct signalfd_siginfo info;
  sigfillset(&all);
  block_all();
  int file = signalfd(-1, &all, SFD_CLOEXEC);
  for (;;) {
    if (read(file, &info, sizeof info) != sizeof info) {
      __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
      break;
    }
    if (info.ssi_signo == SIGTERM) break;
    note(3, (int)info.ssi_signo);
  }
  close(file);
  return unused;
}

int main(int count, char** arguments) {
  void* (*ways[])(void*) = {wait_for_all, wait_with_timeout,
                            wait_for_information, read_signals, compute};
  enum { kThreads = sizeof ways / sizeof *ways };
  pthread_t threads[kThreads];
  int snapshots = count > 1 ? atoi(arguments[1]) : 0;
  block_all();
  for (int i = 0; i < kThreads; i++) {
    pthread_create(&threads[i], NULL, ways[i], NULL);
  }
  for (int i = 0; i < snapshots; i++) {
    heapline_snapshot("deaf threads");
    for (int j = 0; j < 4 && i < kOwnSignals; j++) {
      /* Standard signals are one while pending: a queued kind is counted. */
      union sigval value = {0};
      pthread_sigqueue(threads[j], SIGRTMIN + 3, value);
    }
    usleep(3000);
  }
  for (int i = 0; i < 4; i++) pthread_kill(threads[i], SIGTERM);
  go_on = 0;
  for (int i = 0; i < kThreads; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < 4; i++) printf("%d ", seen[i]);
  printf("seen, %d wrong\n", wrong);
  census("at the end");
  return 0;
}

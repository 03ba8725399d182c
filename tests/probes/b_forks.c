/* b_forks.c: copies of a process whose other threads allocate without end. The
 * first argument names the kind of copy, the second says how many. Every child
 * that may allocate does, ends in one of the ways there are, and must give the
 * status that was agreed. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <sys/wait.h>
#include <time.h>

#include "busy_threads.h"
#include "census.h"

static int as_expected, not_as_expected;

static void await(pid_t child, int wanted) {
  int status;
  while (waitpid(child, &status, 0) < 0) {
    if (errno == EINTR) continue;
    not_as_expected++;
    return;
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == wanted) {
    as_expected++;
  } else {
    not_as_expected++;
  }
}

/* What a child of fork does: it may use all of the C library. */
static void allocate_a_little(int seed) {
  void* blocks[16] = {0};
  unsigned random = seed;
  busy_burst(blocks, 16, &random);
  for (int i = 0; i < 16; i++) free(blocks[i]);
}

static void end_somehow(int which, int status) {
  switch (which % 4) {
    case 0:
      exit(status);
    case 1:
      _exit(status);
    case 2:
      quick_exit(status);
    default:
      syscall(SYS_exit_group, status);
  }
}

static void forks(int rounds) {
  for (int i = 0; i < rounds; i++) {
    pid_t child = fork();
    if (child == 0) {
      allocate_a_little(i);
      end_somehow(i, 7);
    }
    await(child, 7);
  }
}

/* No handler of fork runs in these, and locks are as they were: the child may
 * use the threads' arenas as little as in a plain run, but its own one. */
static void raw_clones(int rounds) {
  for (int i = 0; i < rounds; i++) {
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
      free(malloc(1000));
      end_somehow(i % 2 == 0 ? 1 : 3, 7);
    }
    await(child, 7);
  }
}

static void bare_forks(int rounds) {
  for (int i = 0; i < rounds; i++) {
    pid_t child = _Fork();
    if (child == 0) {
      if (i % 3 == 0) {
        execl("/bin/true", "true", (char*)NULL);
      } else if (i % 3 == 1) {
        _exit(0);
      }
      syscall(SYS_exit_group, 0);
    }
    await(child, 0);
  }
}

/* Each copy begins threads of its own and copies itself in turn. */
static void nested_forks(int depth) {
  start_busy_threads(3);
  usleep(2000);
  pid_t child = depth == 0 ? -1 : fork();
  if (child == 0) {
    busy_threads_go_on = 0; /* the parent's: not in this process */
    nested_forks(depth - 1);
    exit(not_as_expected == 0 ? 7 : 8);
  }
  if (child > 0) await(child, 7);
  stop_busy_threads();
}

/* In a signal handler of a single thread, wherever in malloc that one is. Every
 * second child returns from the handler and goes on with the same work. */
static volatile int handled, is_copy;
static pid_t children[4096];

static void copy_in_handler(int signal) {
  int saved = errno;
  (void)signal;
  if (is_copy || handled >= 4096) return;
  pid_t child = fork();
  if (child == 0) {
    if (handled % 2 == 0) _exit(7);
    is_copy = 1;
  } else {
    children[handled] = child;
    handled = handled + 1;
  }
  errno = saved;
}

static void forks_in_handlers(int rounds) {
  struct sigaction action = {0};
  struct itimerspec times = {{0, 0}, {0, 0}};
  struct sigevent event = {0};
  void* blocks[64] = {0};
  unsigned random = 1;
  timer_t timer;
  action.sa_handler = copy_in_handler;
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, NULL);
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGUSR1;
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return;
  times.it_interval.tv_nsec = times.it_value.tv_nsec = 3000000;
  timer_settime(timer, 0, &times, NULL);
  for (int after = 0; after < 20;) {
    busy_burst(blocks, 64, &random);
    if (handled >= rounds || is_copy) after++;
    if (handled >= rounds && !is_copy) {
      struct itimerspec never = {{0, 0}, {0, 0}};
      timer_settime(timer, 0, &never, NULL);
    }
  }
  for (int i = 0; i < 64; i++) free(blocks[i]);
  if (is_copy) exit(7);
  timer_delete(timer);
  for (int i = 0; i < rounds; i++) await(children[i], 7);
  for (int i = rounds; i < handled; i++) waitpid(children[i], NULL, 0);
}

int main(int count, char** arguments) {
  const char* kind = count > 2 ? arguments[1] : "";
  int rounds = count > 2 ? atoi(arguments[2]) : 0;
  if (!strcmp(kind, "fork") || !strcmp(kind, "_Fork")) {
    start_busy_threads(16);
  } else if (!strcmp(kind, "clone")) {
    start_busy_threads(8);
  }
  if (!strcmp(kind, "fork")) forks(rounds);
  if (!strcmp(kind, "_Fork")) bare_forks(rounds);
  if (!strcmp(kind, "clone")) raw_clones(rounds);
  if (busy_thread_count != 0) stop_busy_threads();
  if (!strcmp(kind, "nested")) nested_forks(rounds);
  if (!strcmp(kind, "handler")) forks_in_handlers(rounds);
  printf("%d as expected, %d not\n", as_expected, not_as_expected);
  census("at the end");
  return 0;
}

/* census.h: what a program can see of its own process, printed so that a run
 * under a tracer can be compared with a plain one: descriptors, threads, the
 * environment, signal dispositions and masks, limits, working directory.
 *
 * census(where) prints to stdout. It leaves out only what a tracer is told to
 * change: its own two or three variables and the one reserved real-time
 * signal.
 * Opens one descriptor while it runs; uses no malloc of its own. */
#ifndef HEAPLINE_TESTS_PROBES_CENSUS_H_
#define HEAPLINE_TESTS_PROBES_CENSUS_H_

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char** environ;

/* Numbers of the entries of a /proc folder, in ascending order of appearance;
 * `except` is the descriptor the listing itself uses. */
static inline int census_numbers(const char* folder, int* numbers, int limit) {
  char buffer[4096];
  int count = 0;
  int listing = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (listing < 0) return -1;
  for (;;) {
    long size = syscall(SYS_getdents64, listing, buffer, sizeof buffer);
    if (size <= 0) break;
    for (long at = 0; at < size;) {
      unsigned short length;
      memcpy(&length, buffer + at + 16, sizeof length);
      const char* name = buffer + at + 19;
      if (name[0] != '.' && count < limit) {
        int number = atoi(name);
        if (number != listing) numbers[count++] = number;
      }
      at += length;
    }
  }
  close(listing);
  return count;
}

static inline void census_descriptors(void) {
  static int numbers[1024];
  int count = census_numbers("/proc/self/fd", numbers, 1024);
  printf("  descriptors:");
  for (int i = 0; i < count; i++) {
    struct stat about;
    int flags = fcntl(numbers[i], F_GETFD);
    if (fstat(numbers[i], &about) != 0) continue;
    printf(" %d(%o,%d)", numbers[i], about.st_mode & S_IFMT, flags);
  }
  printf("\n");
}

static inline void census_threads(void) {
  static int numbers[1024];
  printf("  threads: %d\n", census_numbers("/proc/self/task", numbers, 1024));
}

static inline int census_is_tracers(const char* variable) {
  static const char* const names[] = {"LD_PRELOAD=", "HEAPLINE_OPTIONS=",
                                      "DUMP_HEAPTRACK_OUTPUT="};
  for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
    if (strncmp(variable, names[i], strlen(names[i])) == 0) return 1;
  }
  return 0;
}

/* The tracer's own variables must stand as they were given: they are compared
 * with what the kernel handed over. */
static inline void census_environment(void) {
  static char given[1 << 16];
  int file = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
  ssize_t size = file < 0 ? 0 : read(file, given, sizeof given - 1);
  const char* at = given;
  int as_given = size >= 0;
  if (file >= 0) close(file);
  printf("  environment:\n");
  for (char** variable = environ; *variable; variable++) {
    if (!census_is_tracers(*variable)) printf("    %s\n", *variable);
    if (at >= given + size || strcmp(at, *variable) != 0) {
      as_given = 0;
    } else {
      at += strlen(at) + 1;
    }
  }
  printf("  environment as the kernel gave it: %s\n", as_given ? "yes" : "no");
}

static inline void census_signals(void) {
  sigset_t blocked, pending;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  sigpending(&pending);
  for (int number = 1; number <= SIGRTMAX; number++) {
    struct sigaction action;
    const char* what;
    if (number == SIGRTMAX - 2) continue; /* the reserved signal */
    if (sigaction(number, NULL, &action) != 0) continue;
    what = action.sa_handler == SIG_DFL   ? "default"
           : action.sa_handler == SIG_IGN ? "ignored"
                                          : "handled";
    if (action.sa_handler != SIG_DFL || sigismember(&blocked, number) ||
        sigismember(&pending, number)) {
      printf("  signal %d: %s flags %x%s%s\n", number, what,
             action.sa_flags & ~0x04000000,
             sigismember(&blocked, number) ? " blocked" : "",
             sigismember(&pending, number) ? " pending" : "");
    }
  }
}

static inline void census_limits(void) {
  for (int which = 0; which < RLIM_NLIMITS; which++) {
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)which, &limit) != 0) continue;
    printf("  limit %d: %llx %llx\n", which,
           (unsigned long long)limit.rlim_cur,
           (unsigned long long)limit.rlim_max);
  }
}

static inline void census(const char* where) {
  mode_t mask = umask(0);
  umask(mask);
  printf("census %s\n  umask: %o\n", where, mask);
  census_descriptors();
  census_threads();
  census_environment();
  census_signals();
  census_limits();
  fflush(stdout);
}

#endif

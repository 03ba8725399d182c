/* eintr_watch.c: preloaded behind the tracer, counts how often a program is
 * told EINTR by a call that waits, in a file that HEAPLINE_EINTR_WATCH names:
 * a number for each function in the order of the table below, for all threads
 * and all processes that inherit it. Programs that try again by themselves, as
 * CPython does, hide it from everybody else.
 *
 * Thread-safe: atomic additions to a shared mapping, made once at the start. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* result, name, parameters, arguments */
#define FUNCTIONS(ROW)                                                         \
  ROW(ssize_t, read, (int a, void* b, size_t c), (a, b, c))                    \
  ROW(ssize_t, write, (int a, const void* b, size_t c), (a, b, c))             \
  ROW(ssize_t, readv, (int a, const struct iovec* b, int c), (a, b, c))        \
  ROW(ssize_t, writev, (int a, const struct iovec* b, int c), (a, b, c))       \
  ROW(ssize_t, recv, (int a, void* b, size_t c, int d), (a, b, c, d))          \
  ROW(ssize_t, recvmsg, (int a, struct msghdr* b, int c), (a, b, c))           \
  ROW(ssize_t, send, (int a, const void* b, size_t c, int d), (a, b, c, d))    \
  ROW(ssize_t, sendmsg, (int a, const struct msghdr* b, int c), (a, b, c))     \
  ROW(int, accept4, (int a, struct sockaddr* b, socklen_t* c, int d),          \
      (a, b, c, d))                                                            \
  ROW(int, accept, (int a, struct sockaddr* b, socklen_t* c), (a, b, c))       \
  ROW(int, connect, (int a, const struct sockaddr* b, socklen_t c), (a, b, c)) \
  ROW(int, poll, (struct pollfd * a, nfds_t b, int c), (a, b, c))              \
  ROW(int, ppoll,                                                              \
      (struct pollfd * a, nfds_t b, const struct timespec* c,                  \
       const sigset_t* d),                                                     \
      (a, b, c, d))                                                            \
  ROW(int, select,                                                             \
      (int a, fd_set* b, fd_set* c, fd_set* d, struct timeval* e),             \
      (a, b, c, d, e))                                                         \
  ROW(int, epoll_wait, (int a, struct epoll_event* b, int c, int d),           \
      (a, b, c, d))                                                            \
  ROW(int, epoll_pwait,                                                        \
      (int a, struct epoll_event* b, int c, int d, const sigset_t* e),         \
      (a, b, c, d, e))                                                         \
  ROW(int, nanosleep, (const struct timespec* a, struct timespec* b), (a, b))  \
  ROW(int, usleep, (useconds_t a), (a))                                        \
  ROW(int, sem_wait, (sem_t * a), (a))                                         \
  ROW(int, sem_timedwait, (sem_t * a, const struct timespec* b), (a, b))       \
  ROW(int, sem_clockwait, (sem_t * a, clockid_t b, const struct timespec* c),  \
      (a, b, c))                                                               \
  ROW(int, sigtimedwait,                                                       \
      (const sigset_t* a, siginfo_t* b, const struct timespec* c), (a, b, c))  \
  ROW(pid_t, waitpid, (pid_t a, int* b, int c), (a, b, c))                     \
  ROW(pid_t, wait4, (pid_t a, int* b, int c, struct rusage* d), (a, b, c, d))

enum {
#define ROW(result, name, parameters, arguments) kIndex_##name,
  FUNCTIONS(ROW)
#undef ROW
      kIndex_clock_nanosleep,
  kFunctions
};

static uint64_t no_file[kFunctions];
static uint64_t* counts = no_file;

__attribute__((constructor)) static void map_file(void) {
  const char* path = getenv("HEAPLINE_EINTR_WATCH");
  if (path == NULL) return;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void* memory =
      mmap(NULL, sizeof no_file, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory != MAP_FAILED) counts = memory;
}

static void* next(void** known, const char* name) {
  void* function = __atomic_load_n(known, __ATOMIC_RELAXED);
  if (function == NULL) {
    function = dlsym(RTLD_NEXT, name);
    __atomic_store_n(known, function, __ATOMIC_RELAXED);
  }
  return function;
}

static void count(int index) {
  __atomic_add_fetch(&counts[index], 1, __ATOMIC_RELAXED);
}

#define ROW(result_type, name, parameters, arguments)         \
  result_type name parameters {                               \
    static void* known;                                       \
    result_type(*function) parameters;                        \
    void* const address = next(&known, #name);                \
    __builtin_memcpy(&function, &address, sizeof function);   \
    const result_type result = function arguments;            \
    if (result == -1 && errno == EINTR) count(kIndex_##name); \
    return result;                                            \
  }
FUNCTIONS(ROW)
#undef ROW

/* The one that returns its error. */
int clock_nanosleep(clockid_t clock, int flags, const struct timespec* time,
                    struct timespec* left) {
  static void* known;
  int (*function)(clockid_t, int, const struct timespec*, struct timespec*);
  void* const address = next(&known, "clock_nanosleep");
  __builtin_memcpy(&function, &address, sizeof function);
  const int result = function(clock, flags, time, left);
  if (result == EINTR) count(kIndex_clock_nanosleep);
  return result;
}

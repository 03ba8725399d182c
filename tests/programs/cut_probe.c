/* cut_probe.c: what a program would notice of a snapshot, if anything; the
 * first argument names the case. Exit status 0: nothing was noticed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "heapline/heapline.h"

static volatile int go_on = 1;
static volatile int failed;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

#define EXPECT(condition)                                          \
  do {                                                             \
    if (!(condition)) {                                            \
      fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__,        \
              #condition, errno);                                  \
      failed = 1;                                                  \
    }                                                              \
  } while (0)

/* ---- Blocking calls: each waits in a thread of its own while snapshots are
 * cut, and must neither fail nor return early. */
static int pipes[8][2];
static sem_t semaphore;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static struct timespec later(double seconds) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  time.tv_sec += (time_t)seconds;
  return time;
}

static void* sleeps(void* unused) {
  (void)unused;
  while (go_on) {
    double start = now();
    EXPECT(usleep(30000) == 0);
    EXPECT(now() - start >= 0.03);
    struct timespec time = {0, 20000000};
    start = now();
    EXPECT(nanosleep(&time, NULL) == 0);
    EXPECT(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &time) == 0);
    EXPECT(now() - start >= 0.04);
    EXPECT(poll(NULL, 0, 30) == 0);
  }
  return NULL;
}
static void* polls(void* unused) {
  (void)unused;
  struct pollfd wanted = {pipes[0][0], POLLIN, 0};
  EXPECT(poll(&wanted, 1, 60000) == 1);
  return NULL;
}
static void* epolls(void* unused) {
  (void)unused;
  int epoll = epoll_create1(0);
  struct epoll_event event = {EPOLLIN, {0}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[1][0], &event);
  EXPECT(epoll_wait(epoll, &event, 1, 60000) == 1);
  close(epoll);
  return NULL;
}
static void* selects(void* unused) {
  (void)unused;
  fd_set wanted;
  FD_ZERO(&wanted);
  FD_SET(pipes[2][0], &wanted);
  struct timeval time = {60, 0};
  EXPECT(select(pipes[2][0] + 1, &wanted, NULL, NULL, &time) == 1);
  return NULL;
}
static void* waits_on_semaphore(void* unused) {
  (void)unused;
  struct timespec time = later(60);
  EXPECT(sem_timedwait(&semaphore, &time) == 0);
  return NULL;
}
static void* waits_for_signal(void* unused) {
  (void)unused;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  struct timespec time = {60, 0};
  EXPECT(sigtimedwait(&set, NULL, &time) == SIGUSR1);
  return NULL;
}
static void* reads(void* unused) {
  (void)unused;
  char byte;
  EXPECT(read(pipes[3][0], &byte, 1) == 1);
  return NULL;
}
static void* waits_on_condition(void* unused) {
  (void)unused;
  struct timespec time = later(60);
  pthread_mutex_lock(&mutex);
  while (go_on) EXPECT(pthread_cond_timedwait(&condition, &mutex, &time) == 0);
  pthread_mutex_unlock(&mutex);
  return NULL;
}

static void cut_snapshots(int count) {
  for (int i = 0; i < count; ++i) heapline_snapshot("blocking");
}

static int blocking_calls(int count) {
  void* (*calls[])(void*) = {sleeps,   polls,
                             epolls,   selects,
                             reads,    waits_on_semaphore,
                             waits_for_signal, waits_on_condition};
  enum { kCalls = sizeof calls / sizeof *calls };
  pthread_t threads[kCalls];
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  sem_init(&semaphore, 0, 0);
  for (int i = 0; i < 8; ++i) EXPECT(pipe(pipes[i]) == 0);
  for (int i = 0; i < kCalls; ++i)
    pthread_create(&threads[i], NULL, calls[i], NULL);
  if (count > 0)
    cut_snapshots(count);
  else
    sleep(3); /* a timer cuts them, in whatever thread */
  for (int i = 0; i < 4; ++i) EXPECT(write(pipes[i][1], "x", 1) == 1);
  sem_post(&semaphore);
  pthread_kill(threads[6], SIGUSR1);
  pthread_mutex_lock(&mutex);
  go_on = 0;
  pthread_cond_broadcast(&condition);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < kCalls; ++i) pthread_join(threads[i], NULL);
  return failed;
}

/* A wait must end although a snapshot interrupts it more often than it lasts.
 */
static int long_waits(void) {
  double start = now();
  EXPECT(usleep(400000) == 0);
  EXPECT(now() - start < 1.5);
  start = now();
  EXPECT(poll(NULL, 0, 400) == 0);
  EXPECT(now() - start < 1.5);
  int epoll = epoll_create1(0);
  struct epoll_event event;
  start = now();
  EXPECT(epoll_wait(epoll, &event, 1, 400) == 0);
  EXPECT(now() - start < 1.5);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  struct timespec time = {0, 400000000};
  start = now();
  EXPECT(sigtimedwait(&set, NULL, &time) == -1 && errno == EAGAIN);
  EXPECT(now() - start < 1.5);
  start = now();
  struct timeval select_time = {0, 400000};
  EXPECT(select(0, NULL, NULL, NULL, &select_time) == 0);
  EXPECT(now() - start < 1.5);
  return failed;
}

/* A call that the program's own signal interrupts still says EINTR. (One that
 * comes at the instant at which the call begins again may be handled before
 * it: then the next one interrupts.) */
static volatile int handled;
static void handle(int number) {
  (void)number;
  handled = handled + 1;
}
static void* interrupts(void* main_thread) {
  while (go_on) {
    usleep(10000);
    pthread_kill(*(pthread_t*)main_thread, SIGUSR1);
  }
  return NULL;
}
static int own_interruptions(void) {
  struct sigaction action = {0};
  action.sa_handler = handle;
  sigaction(SIGUSR1, &action, NULL);
  pthread_t self = pthread_self();
  pthread_t thread;
  pthread_create(&thread, NULL, interrupts, &self);
  for (int i = 0; i < 100; ++i) {
    int before = handled;
    EXPECT(poll(NULL, 0, 5000) == -1 && errno == EINTR);
    EXPECT(handled > before);
  }
  EXPECT(handled <= 110);
  go_on = 0;
  pthread_join(thread, NULL);
  return failed;
}

/* ---- The writing child must hold nothing of the program's. */
static int descriptors(void) {
  int pair[2];
  for (int round = 0; round < 30; ++round) {
    EXPECT(pipe(pair) == 0);
    int lock = open("lock", O_RDWR | O_CREAT, 0600);
    EXPECT(flock(lock, LOCK_EX) == 0);
    heapline_snapshot("descriptors");
    close(pair[1]);
    struct pollfd wanted = {pair[0], POLLIN, 0};
    EXPECT(poll(&wanted, 1, 0) == 1 && (wanted.revents & POLLHUP));
    close(pair[0]);
    close(lock);
    lock = open("lock", O_RDWR);
    EXPECT(flock(lock, LOCK_EX | LOCK_NB) == 0);
    EXPECT(lock == 3 && pair[0] == 3);
    close(lock);
  }
  return failed;
}

/* ---- Nor be seen by wait() or SIGCHLD. */
static volatile int child_signals;
static void count_child(int number) {
  (void)number;
  child_signals = child_signals + 1;
}
static int invisible_child(void) {
  struct sigaction action = {0};
  action.sa_handler = count_child;
  sigaction(SIGCHLD, &action, NULL);
  for (int i = 0; i < 30; ++i) {
    heapline_snapshot("invisible");
    EXPECT(wait(NULL) == -1 && errno == ECHILD);
    EXPECT(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
  }
  EXPECT(child_signals == 0);
  pid_t child = fork();
  if (child == 0) _exit(6);
  int status = 0;
  EXPECT(wait(&status) == child && WEXITSTATUS(status) == 6);
  while (!child_signals) usleep(1000);
  EXPECT(child_signals == 1);
  return failed;
}

/* ---- Threads that allocate, exit and are born while snapshots are cut. */
static void* allocates(void* seed) {
  unsigned random = (unsigned)(size_t)seed;
  void* blocks[128] = {0};
  while (go_on) {
    random = random * 1103515245 + 12345;
    void** block = &blocks[random >> 16 & 127];
    *block = realloc(*block, (random >> 8 & 8191) + 1);
    if ((random & 7) == 0) {
      free(*block);
      *block = NULL;
    }
  }
  for (int i = 0; i < 128; ++i) free(blocks[i]);
  return NULL;
}
static void* lives_briefly(void* unused) {
  (void)unused;
  free(malloc(300));
  return NULL;
}
static void* begets(void* unused) {
  (void)unused;
  while (go_on) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, lives_briefly, NULL) == 0)
      pthread_join(thread, NULL);
  }
  return NULL;
}
static int busy_threads(int count) {
  pthread_t threads[6];
  for (int i = 0; i < 5; ++i)
    pthread_create(&threads[i], NULL, allocates, (void*)(size_t)(i + 1));
  pthread_create(&threads[5], NULL, begets, NULL);
  for (int i = 0; i < count; ++i) EXPECT(heapline_snapshot("busy") == 0);
  go_on = 0;
  for (int i = 0; i < 6; ++i) pthread_join(threads[i], NULL);
  return failed;
}

/* ---- Threads that cannot be stopped, or wait in vfork. */
static void* blocks_all_signals(void* unused) {
  (void)unused;
  unsigned long all = ~0ul;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
  while (go_on) {
  }
  return NULL;
}
static int deaf_thread(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, blocks_all_signals, NULL);
  usleep(50000);
  EXPECT(heapline_snapshot("deaf") == 0);
  go_on = 0;
  pthread_join(thread, NULL);
  return failed;
}
static int gate[2];
static void* forks_and_waits(void* unused) {
  (void)unused;
  pid_t child = vfork();
  if (child == 0) {
    char byte;
    syscall(SYS_read, gate[0], &byte, 1);
    syscall(SYS_exit, 0);
  }
  EXPECT(waitpid(child, NULL, 0) == child);
  return NULL;
}
static int thread_in_vfork(void) {
  pthread_t thread;
  EXPECT(pipe(gate) == 0);
  pthread_create(&thread, NULL, forks_and_waits, NULL);
  usleep(100000);
  double start = now();
  EXPECT(heapline_snapshot("vfork") == 0);
  EXPECT(now() - start < 5);
  EXPECT(write(gate[1], "x", 1) == 1);
  pthread_join(thread, NULL);
  return failed;
}
static void* returns_at_once(void* unused) { return unused; }
static void* outlives_main(void* unused) {
  (void)unused;
  usleep(50000);
  EXPECT(heapline_snapshot("zombie leader") == 0);
  exit(failed);
}
static int main_thread_gone(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, outlives_main, NULL);
  pthread_exit(NULL);
}
static int many_threads(int count) {
  pthread_t* threads = calloc(count, sizeof *threads);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  for (int i = 0; i < count; ++i)
    EXPECT(pthread_create(&threads[i], &attributes, reads, NULL) == 0);
  EXPECT(heapline_snapshot("many") == 0);
  _exit(failed);
}

int main(int count, char** arguments) {
  const char* which = count > 1 ? arguments[1] : "";
  int number = count > 2 ? atoi(arguments[2]) : 0;
  if (!strcmp(which, "blocking_calls")) return blocking_calls(number);
  if (!strcmp(which, "long_waits")) return long_waits();
  if (!strcmp(which, "own_interruptions")) return own_interruptions();
  if (!strcmp(which, "descriptors")) return descriptors();
  if (!strcmp(which, "invisible_child")) return invisible_child();
  if (!strcmp(which, "busy_threads")) return busy_threads(number);
  if (!strcmp(which, "deaf_thread")) return deaf_thread();
  if (!strcmp(which, "thread_in_vfork")) return thread_in_vfork();
  if (!strcmp(which, "main_thread_gone")) return main_thread_gone();
  if (!strcmp(which, "many_threads")) {
    if (pipe(pipes[3])) return 1;
    return many_threads(number);
  }
  if (!strcmp(which, "none")) return returns_at_once(NULL) != NULL;
  return 99;
}

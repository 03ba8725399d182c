/* A main thread that waits in every call that comes back with EINTR whatever
 * SA_RESTART says, beside another thread: the C library then makes the call in
 * another way, with instructions between the number and the call itself. The
 * tracer's timer interrupts the main thread and no other, so that nobody else
 * can look up which call it is in. Status 1 and a line for the first wait that
 * ends early. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EXPECT(condition)                                       \
  do {                                                          \
    errno = 0;                                                  \
    if (!(condition)) {                                         \
      fprintf(stderr, "%s: %s\n", #condition, strerror(errno)); \
      exit(1);                                                  \
    }                                                           \
  } while (0)

static void* stay(void* unused) {
  (void)unused;
  for (;;) pause();
  return NULL;
}

int main(void) {
  pthread_t thread;
  EXPECT(pthread_create(&thread, NULL, stay, NULL) == 0);
  int ends[2];
  EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const int epoll = epoll_create1(0);
  struct epoll_event event;
  struct pollfd wanted = {ends[0], POLLIN, 0};
  const struct timespec brief = {0, 30000000};
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  for (int i = 0; i < 8; ++i) {
    struct timeval time = {0, 30000};
    EXPECT(epoll_wait(epoll, &event, 1, 30) == 0);
    EXPECT(epoll_pwait(epoll, &event, 1, 30, NULL) == 0);
    EXPECT(epoll_pwait2(epoll, &event, 1, &brief, NULL) == 0);
    EXPECT(poll(&wanted, 1, 30) == 0);
    EXPECT(ppoll(&wanted, 1, &brief, NULL) == 0);
    EXPECT(select(0, NULL, NULL, NULL, &time) == 0);
    EXPECT(pselect(0, NULL, NULL, NULL, &brief, NULL) == 0);
    EXPECT(usleep(30000) == 0);
    EXPECT(clock_nanosleep(CLOCK_MONOTONIC, 0, &brief, NULL) == 0);
    EXPECT(sigtimedwait(&signals, NULL, &brief) == -1 && errno == EAGAIN);
    sem_t semaphore;
    struct timespec until;
    EXPECT(sem_init(&semaphore, 0, 0) == 0);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += until.tv_nsec >= 970000000;
    until.tv_nsec = (until.tv_nsec + 30000000) % 1000000000;
    EXPECT(sem_timedwait(&semaphore, &until) == -1 && errno == ETIMEDOUT);
  }
  return 0;
}

/* The sixteen-thread program of the storm: each round every thread computes on
 * memory of its own and then waits in one of eight ways; the round's sum is a
 * line of output, the same in every run. Ends when the file STOP is there.
 *
 *   storm_program STOP
 *
 * A wait that ends early, or with an error, ends the program with status 1. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

enum { kThreads = 16, kBlocks = 4000 };

static pthread_barrier_t begun, ended;
static uint64_t sums[kThreads];
static uint64_t number; /* of the round */
static int must_stop;

#define EXPECT(condition)                                                     \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%d: %s: %s\n", __LINE__, #condition, strerror(errno)); \
      _exit(1);                                                               \
    }                                                                         \
  } while (0)

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static uint64_t compute(uint64_t seed) {
  static __thread char* blocks[64];
  uint64_t sum = seed;
  for (int i = 0; i < kBlocks; ++i) {
    sum = sum * 6364136223846793005u + 1442695040888963407u;
    const size_t bytes = 1 + (sum >> 40) % 900;
    char** slot = &blocks[(sum >> 20) % 64];
    if (*slot != NULL && sum >> 63) {
      *slot = realloc(*slot, bytes);
    } else {
      free(*slot);
      *slot = malloc(bytes);
    }
    memset(*slot, (int)(sum >> 8), bytes);
    sum += (unsigned char)(*slot)[bytes - 1];
  }
  for (int i = 0; i < 64; ++i) {
    free(blocks[i]);
    blocks[i] = NULL;
  }
  return sum;
}

static void wait_somehow(uint64_t way, int pipe_end) {
  const double start = now();
  const struct timespec brief = {0, 3000000};
  struct timeval time = {0, 3000};
  struct epoll_event event;
  struct pollfd wanted = {pipe_end, POLLIN, 0};
  fd_set set;
  FD_ZERO(&set);
  FD_SET(pipe_end, &set);
  switch (way % 8) {
    case 0:
      EXPECT(usleep(3000) == 0);
      break;
    case 1:
      EXPECT(nanosleep(&brief, NULL) == 0);
      break;
    case 2:
      EXPECT(poll(&wanted, 1, 3) == 0);
      break;
    case 3:
      EXPECT(select(pipe_end + 1, &set, NULL, NULL, &time) == 0);
      break;
    case 4: {
      const int epoll = epoll_create1(0);
      EXPECT(epoll >= 0);
      EXPECT(epoll_wait(epoll, &event, 1, 3) == 0);
      EXPECT(close(epoll) == 0);
      break;
    }
    case 5: {
      sem_t semaphore;
      struct timespec until;
      EXPECT(sem_init(&semaphore, 0, 0) == 0);
      clock_gettime(CLOCK_REALTIME, &until);
      until.tv_nsec += 3000000;
      if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec += 1;
      }
      EXPECT(sem_timedwait(&semaphore, &until) == -1 && errno == ETIMEDOUT);
      break;
    }
    case 6:
      EXPECT(clock_nanosleep(CLOCK_MONOTONIC, 0, &brief, NULL) == 0);
      break;
    case 7:
      EXPECT(ppoll(&wanted, 1, &brief, NULL) == 0);
      break;
  }
  EXPECT(now() - start >= 0.0029);
}

static void* work(void* argument) {
  const uint64_t index = (uint64_t)(uintptr_t)argument;
  int ends[2];
  EXPECT(pipe(ends) == 0);
  for (;;) {
    pthread_barrier_wait(&begun);
    if (must_stop) return NULL;
    sums[index] = compute(number * kThreads + index);
    wait_somehow(number + index, ends[0]);
    pthread_barrier_wait(&ended);
  }
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  pthread_barrier_init(&begun, NULL, kThreads + 1);
  pthread_barrier_init(&ended, NULL, kThreads + 1);
  pthread_t threads[kThreads];
  for (uintptr_t i = 0; i < kThreads; ++i) {
    EXPECT(pthread_create(&threads[i], NULL, work, (void*)i) == 0);
  }
  for (; access(argv[1], F_OK) != 0; ++number) {
    pthread_barrier_wait(&begun);
    pthread_barrier_wait(&ended);
    uint64_t sum = 0;
    for (int i = 0; i < kThreads; ++i) sum = sum * 31 + sums[i];
    printf("%llx\n", (unsigned long long)sum);
    fflush(stdout);
  }
  must_stop = 1;
  pthread_barrier_wait(&begun);
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], NULL);
  return 0;
}

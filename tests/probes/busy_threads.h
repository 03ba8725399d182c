/* busy_threads.h: threads that allocate, reallocate and free until they are
 * told to end, as company for what a probe does in its own thread.
 *
 * They keep nothing: after stop_busy_threads the heap is as it was before. One
 * set at a time; start and stop from the same thread. The pause between bursts
 * leaves the processors to the probe. */
#ifndef HEAPLINE_TESTS_PROBES_BUSY_THREADS_H_
#define HEAPLINE_TESTS_PROBES_BUSY_THREADS_H_

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { kMostBusyThreads = 64 };
static pthread_t busy_threads[kMostBusyThreads];
static int busy_thread_count;
static int busy_threads_go_on;

static inline unsigned next_random(unsigned* state) {
  *state = *state * 1103515245 + 12345;
  return *state >> 16;
}

static inline void busy_burst(void** blocks, int count, unsigned* random) {
  for (int i = 0; i < 200; i++) {
    void** block = &blocks[next_random(random) % count];
    switch (next_random(random) % 4) {
      case 0:
        free(*block);
        *block = NULL;
        break;
      case 1:
        free(*block);
        *block = calloc(1, next_random(random) % 3000 + 1);
        break;
      default:
        *block = realloc(*block, next_random(random) % 5000 + 1);
    }
  }
}

static inline void* be_busy(void* seed) {
  void* blocks[64] = {0};
  unsigned random = (unsigned)(size_t)seed;
  while (__atomic_load_n(&busy_threads_go_on, __ATOMIC_RELAXED)) {
    busy_burst(blocks, 64, &random);
    usleep(2000);
  }
  for (int i = 0; i < 64; i++) free(blocks[i]);
  return NULL;
}

static inline void start_busy_threads(int count) {
  busy_threads_go_on = 1;
  busy_thread_count = 0;
  for (int i = 0; i < count && i < kMostBusyThreads; i++) {
    if (pthread_create(&busy_threads[i], NULL, be_busy,
                       (void*)(size_t)(i + 1)) == 0) {
      busy_thread_count++;
    }
  }
}

static inline void stop_busy_threads(void) {
  __atomic_store_n(&busy_threads_go_on, 0, __ATOMIC_RELAXED);
  for (int i = 0; i < busy_thread_count; i++) {
    pthread_join(busy_threads[i], NULL);
  }
  busy_thread_count = 0;
}

#endif

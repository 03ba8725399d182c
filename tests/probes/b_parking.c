/* b_parking.c: threads that are always inside of malloc, each with a fixed
 * number of blocks: wherever a snapshot stops them, mid-realloc too, it must
 * hold exactly those. Each of 8 threads has 10 blocks of 100 000 bytes or more,
 * which it reallocates for ever. The argument says how many snapshots. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

#include "census.h"
#include "heapline/heapline.h"

enum { kThreads = 8, kBlocks = 10 };
static int ready;
static volatile int go_on = 1;
static char* volatile held[kThreads][kBlocks];

static void* work(void* which) {
  size_t self = (size_t)which;
  unsigned random = (unsigned)self;
  for (int i = 0; i < kBlocks; i++) held[self][i] = malloc(100000);
  __atomic_add_fetch(&ready, 1, __ATOMIC_RELEASE);
  while (go_on) {
    random = random * 1103515245 + 12345;
    int i = (random >> 16) % kBlocks;
    /* Now and then past the size at which a block is a mapping that moves. */
    held[self][i] = realloc(held[self][i], 100000 + (random >> 4) % 900000);
  }
  return NULL;
}

int main(int count, char** arguments) {
  pthread_t threads[kThreads];
  int snapshots = count > 1 ? atoi(arguments[1]) : 0;
  for (size_t i = 0; i < kThreads; i++) {
    pthread_create(&threads[i], NULL, work, (void*)i);
  }
  while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) != kThreads) usleep(1000);
  for (int i = 0; i < snapshots; i++) heapline_snapshot("mid-realloc");
  go_on = 0;
  for (int i = 0; i < kThreads; i++) pthread_join(threads[i], NULL);
  census("at the end");
  return 0;
}

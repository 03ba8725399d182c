/* c_ping_pong.c THREADS ROUNDS: threads take blocks from each other's hands as
 * fast as they can, so that a freed address is given out elsewhere at once. In
 * the end each of 64 slots holds one block of 4000 bytes, and nothing else of
 * that size lives. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kSlots = 64, kMostThreads = 64 };

static char* slots[kSlots];
static long rounds;

static void* work(void* seed) {
  unsigned random = (unsigned)(size_t)seed * 2654435761u + 1;
  for (long i = 0; i < rounds; i++) {
    random = random * 1664525 + 1013904223;
    unsigned bytes = random >> 24 & 1 ? 4000 : random >> 20 & 0xff;
    char* block = malloc(bytes);
    if (random >> 16 & 1) block = realloc(block, 4000);
    char* other = __atomic_exchange_n(&slots[random >> 8 & (kSlots - 1)], block,
                                      __ATOMIC_ACQ_REL);
    free(other);
  }
  return NULL;
}

int main(int count, char** arguments) {
  pthread_t threads[kMostThreads];
  int thread_count = count > 1 ? atoi(arguments[1]) : 16;
  rounds = count > 2 ? atol(arguments[2]) : 10000;
  for (int i = 0; i < thread_count; i++) {
    pthread_create(&threads[i], NULL, work, (void*)(size_t)(i + 1));
  }
  for (int i = 0; i < thread_count; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < kSlots; i++) {
    free(slots[i]);
    slots[i] = malloc(4000);
    memset(slots[i], 1, 4000);
  }
  printf("%d slots\n", kSlots);
  return 0;
}

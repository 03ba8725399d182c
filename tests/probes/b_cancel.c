/* b_cancel.c: threads that are cancelled while they allocate, one after
 * another. The first argument says where: "stats" in malloc_stats, which prints
 * under a lock of libc; "deferred" at a cancellation point between allocations;
 * "asynchronous" at any instruction, which needs an allocator that can stand it
 * (signal_safe_malloc.c). The second says how many threads. Afterwards the
 * process must be able to allocate, to print and to begin threads. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>

#include "census.h"

static int asynchronous;
static volatile int began;
static int cleaned;

static void clean(void* block) {
  free(block);
  free(malloc(60));
  cleaned++;
}

static void* print_statistics(void* unused) {
  began = 1;
  for (;;) {
    malloc_stats();
    pthread_testcancel();
  }
  return unused;
}

static void* allocate(void* unused) {
  int before;
  void* kept = malloc(123);
  pthread_cleanup_push(clean, kept);
  if (asynchronous) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before);
  }
  began = 1;
  for (unsigned i = 0;; i++) {
    void* block = malloc(i % 900 + 1);
    block = realloc(block, i % 1900 + 1);
    free(block);
    if (!asynchronous) pthread_testcancel();
  }
  pthread_cleanup_pop(1);
  return unused;
}

int main(int count, char** arguments) {
  const char* where = count > 2 ? arguments[1] : "";
  int threads = count > 2 ? atoi(arguments[2]) : 0;
  int is_statistics = !strcmp(where, "stats");
  int cancelled = 0;
  unsigned random = 1;
  asynchronous = !strcmp(where, "asynchronous");
  if (is_statistics && freopen("/dev/null", "w", stderr) == NULL) return 1;
  for (int i = 0; i < threads; i++) {
    pthread_t thread;
    void* result = NULL;
    began = 0;
    pthread_create(&thread, NULL, is_statistics ? print_statistics : allocate,
                   NULL);
    while (!began) sched_yield();
    random = random * 1103515245 + 12345;
    for (volatile unsigned j = 0; j < (random >> 16) % 4000; j++) {
    }
    pthread_cancel(thread);
    pthread_join(thread, &result);
    if (result == PTHREAD_CANCELED) cancelled++;
  }
  free(malloc(1000000));
  if (is_statistics) malloc_stats();
  fprintf(stderr, "still able to print\n");
  printf("%d cancelled, %d cleaned\n", cancelled, cleaned);
  census("at the end");
  return 0;
}

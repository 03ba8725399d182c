/* stackless_counts_probe.c: allocates in scopes in every way that there is and
 * prints what it did in each, for stackless_counts.py: "name count bytes
 * temporary". Temporary is what free() gets before the next allocation. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "heapline/heapline.h"

enum { kScopes = 3, kRounds = 5000 };

static const char* const names[kScopes] = {"one", "two", "three"};
static struct { unsigned long count, bytes, temporary; } made[kScopes];

static char* kept[64];
static char arena[4096] __attribute__((aligned(16)));

static void* count(int scope, void* block, size_t bytes) {
  if (block == NULL) abort();
  made[scope].count += 1;
  made[scope].bytes += bytes;
  return block;
}

static void work(int scope, unsigned rounds) {
  heapline_scope_begin(names[scope]);
  for (unsigned i = 0; i < rounds; ++i) {
    const size_t bytes = 1 + i * 37u % 900;
    char** slot = &kept[i % 64];
    free(*slot);
    *slot = count(scope, malloc(bytes), bytes);
    if (i % 3 == 0) {
      *slot = count(scope, realloc(*slot, 3 * bytes), 3 * bytes);
    }
    if (i % 5 == 0) {
      free(count(scope, calloc(7, bytes), 7 * bytes));
      made[scope].temporary += 1;
    }
    if (i % 7 == 0) {
      free(count(scope, aligned_alloc(64, 128), 128));
      made[scope].temporary += 1;
    }
    if (i % 11 == 0) {
      char* place = arena + i % 64 * 64;
      heapline_pool_alloc(arena, place, 48);
      count(scope, place, 48);
      heapline_pool_free(arena, place);
      made[scope].temporary += 1;
    }
    if (i % 1000 == 0) { /* more than an entry's bits hold */
      free(count(scope, malloc(3u << 20), 3u << 20));
      made[scope].temporary += 1;
    }
  }
  heapline_scope_end();
}

/* The second thread takes over what the first one's counters are in. */
static void* run(void* scope) {
  work((int)(intptr_t)scope, kRounds);
  return NULL;
}

int main(void) {
  for (int turn = 0; turn < 3; ++turn) {
    for (int scope = 0; scope < kScopes; ++scope) {
      work(scope, 10u + 1000u * (unsigned)turn);
      pthread_t thread;
      if (pthread_create(&thread, NULL, run, (void*)(intptr_t)scope) != 0 ||
          pthread_join(thread, NULL) != 0) {
        return 2;
      }
    }
  }
  for (int scope = 0; scope < kScopes; ++scope) {
    printf("%s %lu %lu %lu\n", names[scope], made[scope].count,
           made[scope].bytes, made[scope].temporary);
  }
  fflush(stdout);
  return heapline_snapshot("counts") == 0 ? 0 : 1;
}

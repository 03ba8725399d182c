/* a_early_library.c: a preloaded library that allocates in its constructor,
 * long before the program, and frees half of it there and half at the end.
 * Compiled with WRAPS_MALLOC it also stands in front of malloc and calloc as
 * many a debugging library does: it asks dlsym in the first call. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { kBlocks = 2000 };

static void* blocks[kBlocks];

__attribute__((constructor)) static void take_early(void) {
  for (int i = 0; i < kBlocks; i++) {
    blocks[i] = i % 3 == 0   ? malloc(i)
                : i % 3 == 1 ? calloc(1, i)
                             : realloc(strdup("early"), i + 1);
  }
  for (int i = 0; i < kBlocks; i += 2) free(blocks[i]);
}

__attribute__((destructor)) static void free_late(void) {
  for (int i = 1; i < kBlocks; i += 2) free(blocks[i]);
}

#ifdef WRAPS_MALLOC
void* malloc(size_t bytes) {
  static void* (*next)(size_t);
  if (next == NULL) next = (void* (*)(size_t))dlsym(RTLD_NEXT, "malloc");
  return next(bytes);
}

void* calloc(size_t count, size_t bytes) {
  static void* (*next)(size_t, size_t);
  if (next == NULL) {
    /* A symbol that is nowhere: dlsym allocates its complaint. */
    if (dlsym(RTLD_NEXT, "there is no such function") != NULL) abort();
    next = (void* (*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
  }
  return next(count, bytes);
}
#endif

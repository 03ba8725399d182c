/* keeps_blocks.c: keeps 100 blocks of 4000 bytes and frees 100 others, by way
 * of each function of the family, so that an exact tracer counts exactly 100.
 * Arguments: libraries to load first. */
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kBlocks = 100, kBytes = 4000 };

static char* kept[kBlocks];

static char* take(int way) {
  void* block = NULL;
  switch (way % 5) {
    case 0:
      return malloc(kBytes);
    case 1:
      return calloc(kBytes / 8, 8);
    case 2:
      return realloc(malloc(10), kBytes);
    case 3:
      return posix_memalign(&block, 64, kBytes) == 0 ? block : NULL;
    default:
      return aligned_alloc(32, kBytes);
  }
}

#ifdef TAKES_THE_ADDRESS
/* Where code is not position-independent, malloc's address is then that of a
 * stub in the program itself. */
void* (*const address_of_malloc)(size_t) = malloc;
#endif

int main(int count, char** libraries) {
  for (int i = 1; i < count; i++) {
    if (dlopen(libraries[i], RTLD_NOW) == NULL) {
      printf("%s\n", dlerror());
      return 1;
    }
  }
  for (int i = 0; i < kBlocks; i++) {
    kept[i] = take(i);
    memset(kept[i], i, kBytes);
    if (malloc_usable_size(kept[i]) < kBytes) return 2;
    free(take(i));
  }
  printf("kept %d blocks of %d bytes\n", kBlocks, kBytes);
  return 0;
}

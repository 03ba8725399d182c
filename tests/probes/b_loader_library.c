/* b_loader_library.c: a library that allocates while it is loaded, while it is
 * used (dynamic thread storage too) and while it is let go. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static __thread char storage[3000];
static char* kept;

__attribute__((constructor)) static void begin(void) {
  kept = strdup("allocated while the loader's lock is held");
}

__attribute__((destructor)) static void end(void) { free(realloc(kept, 3000)); }

__attribute__((visibility("default"))) int library_work(int number) {
  char* copy = malloc(sizeof storage);
  storage[number % 3000] = 1;
  memcpy(copy, storage, sizeof storage);
  int result = copy[number % 3000];
  free(copy);
  return number + result;
}

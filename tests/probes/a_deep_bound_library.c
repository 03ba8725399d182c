/* a_deep_bound_library.c: loaded with RTLD_DEEPBIND it finds the C library's
 * own malloc and free before any preloaded one, so blocks cross over both ways.
 */
#include <stdlib.h>
#include <string.h>

char* deep_take(int bytes) {
  char* block = malloc((size_t)bytes);
  memset(block, 'd', (size_t)bytes);
  return block;
}

void deep_free(char* block) { free(block); }

char* deep_grow(char* block, int bytes) {
  return realloc(block, (size_t)bytes);
}

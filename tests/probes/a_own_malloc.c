/* a_own_malloc.c: a program with an allocator of its own linked in, as with
 * jemalloc or tcmalloc linked statically. Compiled with -DTAKES_FROM_LIBC it
 * takes blocks behind every preload's back instead (__libc_malloc) and frees
 * them by free(). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef TAKES_FROM_LIBC
extern void* __libc_malloc(size_t bytes);

int main(void) {
  for (int i = 0; i < 123; i++) {
    void* block = __libc_malloc(3000);
    memset(block, i, 3000);
    free(block);
  }
  printf("freed what nobody saw\n");
  return 0;
}
#else
static char arena[64 << 20] __attribute__((aligned(4096)));
static size_t used;

/* A block's size stands in the 16 bytes before it. */
static void* take(size_t alignment, size_t bytes) {
  size_t start =
      (__atomic_load_n(&used, __ATOMIC_RELAXED) + 16 + alignment - 1) &
      ~(alignment - 1);
  if (start + bytes > sizeof arena) return NULL;
  __atomic_store_n(&used, start + bytes, __ATOMIC_RELAXED);
  memcpy(arena + start - 16, &bytes, sizeof bytes);
  return arena + start;
}

void* malloc(size_t bytes) { return take(16, bytes); }
void free(void* block) { (void)block; }
void* calloc(size_t count, size_t bytes) { return take(16, count * bytes); }
void* memalign(size_t alignment, size_t bytes) {
  return take(alignment < 16 ? 16 : alignment, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  return memalign(alignment, bytes);
}
int posix_memalign(void** block, size_t alignment, size_t bytes) {
  *block = memalign(alignment, bytes);
  return *block == NULL ? 12 : 0;
}
void* realloc(void* block, size_t bytes) {
  void* moved = take(16, bytes);
  size_t before = 0;
  /* A block of libc's own malloc, where the two are mixed, stays one. */
  if (block != NULL && ((uintptr_t)block < (uintptr_t)arena ||
                        (uintptr_t)block >= (uintptr_t)arena + sizeof arena)) {
    abort();
  }
  if (block != NULL) memcpy(&before, (char*)block - 16, sizeof before);
  if (moved && block) memcpy(moved, block, before < bytes ? before : bytes);
  return moved;
}

int main(void) {
  char* text = NULL;
  for (int i = 1; i < 1000; i++) {
    text = realloc(text, (size_t)i * 8);
    text[i * 8 - 1] = 'x';
  }
  char* twin = strdup("a twin");
  setenv("PROBE_SET", twin, 1);
  printf("%s %c %s\n", twin, text[7], getenv("PROBE_SET"));
  free(twin);
  free(text);
  return 4;
}
#endif

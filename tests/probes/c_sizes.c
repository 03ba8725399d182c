/* c_sizes.c: the corners of the allocation functions, one line each: result,
 * errno, alignment. What glibc says plain it must say under a tracer. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell(const char* what, void* block) {
  int error = errno;
  printf("%s: %s, errno %d, %zu usable\n", what, block ? "block" : "NULL",
         error, block ? malloc_usable_size(block) : 0);
  errno = 0;
  free(block);
  if (errno != 0) printf("  free changed errno to %d\n", errno);
  errno = 0;
}

#define TELL(call) tell(#call, call)

static volatile size_t too_large = (size_t)PTRDIFF_MAX + 1;
static volatile size_t largest = SIZE_MAX;

static void requests(void) {
  TELL(malloc(0));
  TELL(malloc(1));
  TELL(malloc(largest));
  TELL(malloc(too_large));
  TELL(malloc(too_large - 1));
  TELL(calloc(0, 5));
  TELL(calloc(largest, 2));
  TELL(calloc(too_large / 2, 4));
  TELL(realloc(NULL, 0));
  TELL(realloc(NULL, 100));
  TELL(realloc(malloc(100), 0));
  TELL(reallocarray(NULL, largest, 2));
  TELL(reallocarray(NULL, 10, 10));
  TELL(aligned_alloc(64, 100));
  TELL(aligned_alloc(3, 100));
  TELL(aligned_alloc(too_large, 100));
  TELL(memalign(0, 10));
  TELL(memalign(48, 10));
  TELL(memalign(largest, 10));
  TELL(valloc(0));
  TELL(valloc(too_large));
  TELL(pvalloc(0));
  TELL(pvalloc(1));
  TELL(pvalloc(largest));
}

static void by_posix(void) {
  static const size_t alignments[] = {0, 1, 4, 8, 16, 24, 64, 4096};
  for (unsigned i = 0; i < sizeof alignments / sizeof *alignments; i++) {
    void* block = (void*)0x1234;
    int error = posix_memalign(&block, alignments[i], 100);
    printf("posix_memalign %zu: %d %s\n", alignments[i], error,
           error ? block == (void*)0x1234 ? "untouched" : "touched"
           : (uintptr_t)block % alignments[i] == 0 ? "aligned"
                                                   : "askew");
    if (error == 0) free(block);
  }
  void* block = (void*)0x1234;
  printf("posix_memalign of too much: %d\n",
         posix_memalign(&block, 64, too_large));
}

static void failed_realloc(void) {
  char* block = malloc(50);
  strcpy(block, "still here");
  errno = 0;
  if (realloc(block, too_large) != NULL) printf("realloc gave too much\n");
  printf("failed realloc: errno %d, %s\n", errno, block);
  free(block);
  errno = 77;
  free(malloc(1 << 20));
  free(NULL);
  printf("errno after free: %d\n", errno);
}

int main(void) {
  requests();
  by_posix();
  failed_realloc();
  printf("usable size of nothing: %zu\n", malloc_usable_size(NULL));
  struct mallinfo2 before = mallinfo2();
  free(malloc(1000));
  printf("mallinfo2 sees the heap: %d\n", before.uordblks > 0);
  printf("mallopt: %d\n", mallopt(M_MMAP_THRESHOLD, 1 << 16));
  printf("trim: %d\n", malloc_trim(0) >= 0);
  return 0;
}

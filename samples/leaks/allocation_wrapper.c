// Expect: allocation_wrapper.c:22 blocks=800 bytes=102400
// Fixed: blocks=0 bytes=0
//
// Every allocation of the program goes through one wrapper. A report that
// named the wrapper's line would say nothing; the caller's line is the one that
// leaks. The fix frees what the caller was given.
#include <stdio.h>
#include <stdlib.h>

#include "keep.h"

static __attribute__((noinline)) void* xmalloc(size_t bytes) {
  void* block = malloc(bytes);
  if (block == NULL) {
    fputs("out of memory\n", stderr);
    abort();
  }
  return block;
}

static __attribute__((noinline)) void Draw(void) {
  char* canvas = xmalloc(128);  // the line to be named
  canvas[0] = 'x';
  Keep(canvas);
#ifdef FIXED
  free(canvas);
#endif
}

static __attribute__((noinline)) void Measure(void) {
  char* ruler = xmalloc(512);
  ruler[0] = 'x';
  Keep(ruler);
  free(ruler);
}

int main(void) {
  for (int frame = 0; frame < 800; ++frame) {
    Measure();
    Draw();
  }
  return 0;
}

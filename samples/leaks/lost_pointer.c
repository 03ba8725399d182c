// Expect: lost_pointer.c:17 blocks=1000 bytes=64000
// Fixed: blocks=0 bytes=0
//
// The only pointer to a block is overwritten by the next one: nobody can ever
// free the old block. The fix frees it before the pointer takes a new value.
#include <stdlib.h>
#include <string.h>

#include "keep.h"

static char* message;

static void Receive(int number) {
#ifdef FIXED
  free(message);
#endif
  message = malloc(64);  // the line to be named
  memset(message, number, 64);
  Keep(message);
}

int main(void) {
  for (int number = 0; number < 1000; ++number) Receive(number);
#ifdef FIXED
  free(message);
#endif
  return 0;
}

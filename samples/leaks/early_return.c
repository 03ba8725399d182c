// Expect: early_return.c:13 blocks=250 bytes=8000
// Fixed: blocks=0 bytes=0
//
// The error path returns without freeing what the good path frees. The copy is
// made inside libc (strdup); the line that asked for it is the one to blame.
#define _POSIX_C_SOURCE 200809L /* strdup */
#include <stdlib.h>
#include <string.h>

#include "keep.h"

static int Handle(const char* request, int number) {
  char* copy = strdup(request);  // the line to be named
  Keep(copy);
  if (number % 4 == 0) {  // a bad request
#ifdef FIXED
    free(copy);
#endif
    return -1;
  }
  free(copy);
  return 0;
}

int main(void) {
  int errors = 0;
  for (int number = 0; number < 1000; ++number) {
    if (Handle("GET /index.html?with=parameters", number) != 0) ++errors;
  }
  return errors == 250 ? 0 : 1;
}

/* allocating_handler.h: a signal handler that goes through the whole allocator,
 * and counts how often it did. One thread's signals at a time. */
#ifndef HEAPLINE_TESTS_PROBES_ALLOCATING_HANDLER_H_
#define HEAPLINE_TESTS_PROBES_ALLOCATING_HANDLER_H_

#include <errno.h>
#include <stdlib.h>

static volatile int handled;
static void allocate_in_handler(int signal) {
  int saved = errno;
  (void)signal;
  free(realloc(malloc(30), 300));
  handled = handled + 1;
  errno = saved;
}

#endif

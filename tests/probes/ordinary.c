/* ordinary.c: allocates, starts a thread, and tells what it sees of itself at
 * its start, with the thread alive, and in its last exit handler. */
#include "census.h"

#include <pthread.h>

static int stopped[2];

static void* wait_for_the_end(void* unused) {
  char byte;
  free(malloc(1000));
  (void)!read(stopped[0], &byte, 1);
  return unused;
}

static void at_end(void) { census("at exit"); }

int main(void) {
  pthread_t thread;
  census("at start");
  atexit(at_end);
  if (pipe(stopped) != 0) return 1;
  pthread_create(&thread, NULL, wait_for_the_end, NULL);
  char* volatile kept = malloc(12345);
  kept[0] = 1;
  census("with a thread");
  close(stopped[1]);
  pthread_join(thread, NULL);
  return 3;
}

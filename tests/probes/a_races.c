/* a_races.c: two threads write one word without order, which ThreadSanitizer
 * reports; and an uninitialised word decides, which MemorySanitizer reports. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int word;

static void* add(void* unused) {
  for (int i = 0; i < 10000; i++) word++;
  return unused;
}

int main(int count, char** arguments) {
  pthread_t thread;
  volatile int* block = malloc(sizeof(int) * 4);
  (void)arguments;
  if (count > 1) {
    pthread_create(&thread, NULL, add, NULL);
    add(NULL);
    pthread_join(thread, NULL);
    if (block[2] == 12345) puts("unlikely");
  }
  puts("done");
  return 9;
}

/* c_many_threads.c COUNT: so many threads alive at the same time, each with a
 * block of its own of 4000 bytes, freed by its neighbour. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_barrier_t all;
static void** blocks;
static int thread_count;

static void* live(void* argument) {
  int number = (int)(size_t)argument;
  blocks[number] = malloc(4000);
  pthread_barrier_wait(&all);
  pthread_barrier_wait(&all);
  free(blocks[(number + 1) % thread_count]);
  return NULL;
}

int main(int count, char** arguments) {
  pthread_attr_t attributes;
  thread_count = count > 1 ? atoi(arguments[1]) : 100;
  pthread_t* threads = calloc((size_t)thread_count, sizeof *threads);
  blocks = calloc((size_t)thread_count, sizeof *blocks);
  pthread_barrier_init(&all, NULL, (unsigned)thread_count + 1);
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  for (int i = 0; i < thread_count; i++) {
    if (pthread_create(&threads[i], &attributes, live, (void*)(size_t)i)) {
      printf("cannot make %d threads\n", thread_count);
      return 77;
    }
  }
  pthread_barrier_wait(&all);
  printf("all %d alive\n", thread_count);
  fflush(stdout);
  getchar();
  pthread_barrier_wait(&all);
  for (int i = 0; i < thread_count; i++) pthread_join(threads[i], NULL);
  printf("all gone\n");
  return 0;
}

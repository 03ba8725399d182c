/* b_threads.c: threads as they come and go. The first argument names the case,
 * the second says how many. At the end exactly ten blocks of 54321 bytes are
 * alive, and as many of 1111 as there were threads that left one. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "busy_threads.h"
#include "census.h"
#include "heapline/heapline.h"

static int rounds;
static int wrong;
static void* volatile kept[10];
static pthread_key_t keys[4];
static int destructions;

static void count_wrong(int is_wrong) {
  if (is_wrong) __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
}

/* Key destructors that allocate and set their key again: four rounds. */
static void destroy(void* block) {
  size_t which = *(size_t*)block;
  void* other = realloc(malloc(40), 4000);
  free(block);
  free(other);
  int number = __atomic_add_fetch(&destructions, 1, __ATOMIC_RELAXED);
  if (number % 2 == 0) sched_yield();
  size_t* again = malloc(64);
  *again = which;
  /* Some values are left behind in the last round: leaked in both runs. */
  if (pthread_getspecific(keys[(which + 1) % 4]) != NULL || which % 2 == 0) {
    pthread_setspecific(keys[which], again);
  } else {
    free(again);
  }
}

extern int __cxa_thread_atexit_impl(void (*)(void*), void*, void*);
extern void* __dso_handle;
static void free_at_thread_end(void* block) { free(block); }

static void* live_briefly(void* unused) {
  for (size_t i = 0; i < 4; i++) {
    size_t* block = malloc(64);
    *block = i;
    pthread_setspecific(keys[i], block);
  }
  __cxa_thread_atexit_impl(free_at_thread_end, malloc(300), &__dso_handle);
  char* left = malloc(1111);
  left[0] = 1;
  return unused;
}

static sem_t ended;
static void* live_detached(void* unused) {
  live_briefly(unused);
  sem_post(&ended);
  return NULL;
}

static void key_destructors(int detached) {
  pthread_attr_t attributes;
  for (int i = 0; i < 4; i++) pthread_key_create(&keys[i], destroy);
  sem_init(&ended, 0, 0);
  pthread_attr_init(&attributes);
  if (detached) {
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  }
  for (int i = 0; i < rounds; i += 8) {
    pthread_t threads[8];
    for (int j = 0; j < 8; j++) {
      count_wrong(pthread_create(&threads[j], &attributes,
                                 detached ? live_detached : live_briefly,
                                 NULL) != 0);
    }
    for (int j = 0; j < 8; j++) {
      if (detached) {
        while (sem_wait(&ended) != 0) count_wrong(1);
      } else {
        pthread_join(threads[j], NULL);
      }
    }
  }
  if (detached) { /* until the last of them has left the process, too */
    int numbers[64];
    while (census_numbers("/proc/self/task", numbers, 64) != 1) usleep(1000);
  }
  printf("%d destructions\n", destructions);
}

/* Many alive at once, each with something in its hands. */
static pthread_barrier_t all_are_there, all_may_go;
static void* stand(void* unused) {
  char* block = malloc(1111);
  block[0] = 1;
  free(malloc(99));
  pthread_barrier_wait(&all_are_there);
  pthread_barrier_wait(&all_may_go);
  free(malloc(77));
  return unused;
}

static void alive_at_once(void) {
  pthread_t* threads = calloc(rounds, sizeof *threads);
  pthread_attr_t attributes;
  int made = 0;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 << 10);
  pthread_barrier_init(&all_are_there, NULL, rounds + 1);
  pthread_barrier_init(&all_may_go, NULL, rounds + 1);
  for (; made < rounds; made++) {
    if (pthread_create(&threads[made], &attributes, stand, NULL) != 0) {
      printf("only %d threads\n", made);
      exit(2);
    }
  }
  pthread_barrier_wait(&all_are_there);
  heapline_snapshot("all alive");
  pthread_barrier_wait(&all_may_go);
  for (int i = 0; i < made; i++) pthread_join(threads[i], NULL);
  free(threads);
}

/* Very many, a few at a time. */
static void* pass(void* unused) {
  free(realloc(malloc(100), 1000));
  return unused;
}
static void created(void) {
  for (int i = 0; i < rounds; i += 16) {
    pthread_t threads[16];
    for (int j = 0; j < 16; j++) {
      count_wrong(pthread_create(&threads[j], NULL, pass, NULL) != 0);
    }
    for (int j = 0; j < 16; j++) pthread_join(threads[j], NULL);
  }
}

/* The smallest stacks there are, stopped now and then, and with the least that
 * a frame of an unwinding finds above it. */
static volatile int go_on = 1;
static void* live_on_little(void* unused) {
  void* volatile block = NULL;
  for (int i = 0; i < 200 || go_on; i++) {
    block = realloc(block, i % 3000 + 1);
    if (i % 50 == 0) usleep(500);
  }
  free(block);
  return unused;
}
static void smallest_stacks(void) {
  long bytes = sysconf(_SC_THREAD_STACK_MIN);
  pthread_attr_t attributes;
  pthread_t threads[16];
  pthread_attr_init(&attributes);
  if (bytes < PTHREAD_STACK_MIN) bytes = PTHREAD_STACK_MIN;
  count_wrong(pthread_attr_setstacksize(&attributes, bytes) != 0);
  for (int i = 0; i < rounds; i++) {
    go_on = 1;
    for (int j = 0; j < 16; j++) {
      count_wrong(
          pthread_create(&threads[j], &attributes, live_on_little, NULL) != 0);
    }
    for (int j = 0; j < 5; j++) {
      heapline_snapshot("smallest stacks");
      usleep(2000);
    }
    go_on = 0;
    for (int j = 0; j < 16; j++) pthread_join(threads[j], NULL);
  }
}

/* What only a process of one thread may do. */
static void become_alone(void) {
  pid_t child = fork();
  if (child == 0) {
    free(malloc(100));
    int result = unshare(CLONE_NEWUSER);
    free(malloc(100));
    printf("unshare: %s\n", result == 0 ? "done" : strerror(errno));
    census("alone");
    exit(0);
  }
  count_wrong(waitpid(child, NULL, 0) != child);
}

int main(int count, char** arguments) {
  const char* which = count > 2 ? arguments[1] : "";
  rounds = count > 2 ? atoi(arguments[2]) : 0;
  for (int i = 0; i < 10; i++) kept[i] = malloc(54321);
  if (!strcmp(which, "joined")) key_destructors(0);
  if (!strcmp(which, "detached")) key_destructors(1);
  if (!strcmp(which, "alive")) alive_at_once();
  if (!strcmp(which, "created")) created();
  if (!strcmp(which, "small")) smallest_stacks();
  if (!strcmp(which, "alone")) become_alone();
  printf("%d wrong\n", wrong);
  census("at the end");
  return 0;
}

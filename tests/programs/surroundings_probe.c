/* surroundings_probe.c: what a process may do to its own surroundings, one
 * action an argument, in order. Ends with status 3. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void* volatile kept[64];
static atomic_int kept_count;
static volatile int is_deaf;

static const char* after(const char* text, const char* start) {
  const size_t length = strlen(start);
  return strncmp(text, start, length) ? 0 : text + length;
}

static void* wait_for_ever(void* argument) {
  kept[kept_count++] = malloc(2222);
  for (;;) pause();
  return argument;
}

/* Blocks every signal where nobody can take one out of the mask, and never
 * allocates again. */
static void* turn_deaf(void* argument) {
  const uint64_t all = ~(uint64_t)0;
  kept[kept_count++] = malloc(2222);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, sizeof all);
  is_deaf = 1;
  for (volatile unsigned long i = 0;; ++i) continue;
  return argument;
}

static void start(void* (*routine)(void*)) {
  pthread_t thread;
  const int before = kept_count;
  if (pthread_create(&thread, 0, routine, 0)) exit(90);
  while (kept_count == before) usleep(1000);
}

/* A stack for each number below `count`, of 17 frames each. */
__attribute__((noinline)) static void* one(unsigned bits, int depth);
__attribute__((noinline)) static void* zero(unsigned bits, int depth) {
  void* block = depth == 0       ? malloc(100)
                : (bits & 1) != 0 ? one(bits >> 1, depth - 1)
                                  : zero(bits >> 1, depth - 1);
  __asm__ volatile("" ::: "memory");
  return block;
}
__attribute__((noinline)) static void* one(unsigned bits, int depth) {
  void* block = depth == 0       ? malloc(100)
                : (bits & 1) != 0 ? one(bits >> 1, depth - 1)
                                  : zero(bits >> 1, depth - 1);
  __asm__ volatile("" ::: "memory");
  return block;
}

static void act(const char* word) {
  const char* value;
  if ((value = after(word, "alloc:"))) {
    kept[kept_count++] = malloc(strtoul(value, 0, 10));
  } else if ((value = after(word, "keep:"))) { /* a text in the heap */
    kept[kept_count++] = strdup(value);
  } else if ((value = after(word, "stacks:"))) {
    const unsigned count = (unsigned)strtoul(value, 0, 10);
    for (unsigned i = 0; i < count; ++i) zero(i, 17);
  } else if ((value = after(word, "blocks:"))) {
    const unsigned count = (unsigned)strtoul(value, 0, 10);
    for (unsigned i = 0; i < count; ++i) kept[0] = malloc(1000);
  } else if ((value = after(word, "chroot:"))) {
    if (chroot(value) || chdir("/")) exit(91);
  } else if (!strcmp(word, "thread")) {
    start(wait_for_ever);
  } else if (!strcmp(word, "deaf-thread")) {
    start(turn_deaf);
    while (!is_deaf) usleep(1000);
  } else if ((value = after(word, "descriptors:"))) {
    unsigned soft = 0, hard = 0;
    if (sscanf(value, "%u,%u", &soft, &hard) != 2) exit(92);
    const struct rlimit limit = {soft, hard};
    if (setrlimit(RLIMIT_NOFILE, &limit)) exit(93);
  } else if (!strcmp(word, "secure")) {
    printf("secure %lu\n", getauxval(AT_SECURE));
  } else if (!strcmp(word, "ready")) {
    puts("ready");
  } else if (!strcmp(word, "line")) {
    getchar();
  } else {
    exit(99);
  }
  fflush(stdout);
}

int main(int count, char** arguments) {
  for (int i = 1; i < count; ++i) {
    if (!after(arguments[i], "ignored:")) act(arguments[i]);
  }
  return 3;
}

/* a_exit_order.c WAY LIBRARY: ends in one of many ways, beside a thread that
 * allocates until the last moment, and tells the order in which handlers and
 * destructors ran. Each allocates and frees. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char* kept;
static pthread_key_t key;

static void tell(const char* what) {
  char* line = malloc(strlen(what) + 2);
  strcpy(line, what);
  strcat(line, "\n");
  if (write(1, line, strlen(line)) < 0) _exit(98);
  free(line);
}

static void first_handler(void) {
  tell("atexit, registered first");
  free(kept);
}
static void second_handler(void) { tell("atexit, registered second"); }
static void status_handler(int status, void* unused) {
  (void)unused;
  tell(status == 7 ? "on_exit 7" : "on_exit other");
}
static void quick_handler(void) { tell("at_quick_exit"); }
static void key_destructor(void* value) {
  tell("key destructor");
  free(value);
}
__attribute__((destructor)) static void at_unload(void) { tell("destructor"); }

static volatile int is_running;

static void* allocate_for_ever(void* unused) {
  void* held[64] = {NULL};
  for (unsigned i = 0;; i++) {
    free(held[i % 64]);
    held[i % 64] = malloc(i % 5000);
    is_running = 1;
  }
  return unused;
}

static void* end_with_key(void* unused) {
  pthread_setspecific(key, malloc(100));
  return unused;
}

static void end(const char* way) {
  if (!strcmp(way, "exit")) exit(7);
  if (!strcmp(way, "quick_exit")) quick_exit(7);
  if (!strcmp(way, "_exit")) _exit(7);
  if (!strcmp(way, "_Exit")) _Exit(7);
  if (!strcmp(way, "raw")) syscall(SYS_exit_group, 7);
  if (!strcmp(way, "abort")) abort();
  if (!strcmp(way, "kill")) kill(getpid(), SIGKILL);
  if (!strcmp(way, "terminate")) raise(SIGTERM);
  if (!strcmp(way, "fault")) *(volatile int*)8 = 1;
}

int main(int count, char** arguments) {
  pthread_t thread;
  if (count < 3 || dlopen(arguments[2], RTLD_NOW) == NULL) return 1;
  atexit(first_handler);
  atexit(second_handler);
  on_exit(status_handler, NULL);
  at_quick_exit(quick_handler);
  pthread_key_create(&key, key_destructor);
  pthread_create(&thread, NULL, end_with_key, NULL);
  pthread_join(thread, NULL);
  kept = malloc(4000);
  pthread_create(&thread, NULL, allocate_for_ever, NULL);
  while (!is_running) sched_yield();
  end(arguments[1]);
  return 7;
}

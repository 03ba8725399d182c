/* b_death.c: ends of a process by a signal, beside threads that allocate. The
 * argument names the end. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "busy_threads.h"

static void* volatile kept;

static void* die_here(void* how) {
  const char* way = how;
  if (!strcmp(way, "TERM")) kill(getpid(), SIGTERM);
  if (!strcmp(way, "INT")) raise(SIGINT);
  if (!strcmp(way, "HUP")) kill(getpid(), SIGHUP);
  if (!strcmp(way, "abort")) abort();
  if (!strcmp(way, "SEGV")) *(volatile int*)8 = 1;
  if (!strcmp(way, "BUS")) raise(SIGBUS);
  if (!strcmp(way, "FPE")) raise(SIGFPE);
  if (!strcmp(way, "ILL")) __asm__ volatile("ud2");
  if (!strcmp(way, "double-free")) { /* inside of free, its lock held */
    char* block = malloc(2000);
    char* other = malloc(2000);
    free(block);
    free(block);
    free(other);
  }
  if (!strcmp(way, "handled")) raise(SIGTERM);
  sleep(20);
  return NULL;
}

static void handle(int signal) {
  (void)signal;
  printf("handled\n");
  exit(3);
}

int main(int count, char** arguments) {
  pthread_t thread;
  struct rlimit none = {0, 0};
  char* way = count > 1 ? arguments[1] : "";
  int is_thread = count > 2;
  setrlimit(RLIMIT_CORE, &none);
  if (!strcmp(way, "handled")) signal(SIGTERM, handle);
  if (!strcmp(way, "ignored")) {
    signal(SIGTERM, SIG_IGN);
    raise(SIGTERM);
    return 4;
  }
  kept = malloc(54321);
  start_busy_threads(4);
  usleep(5000);
  if (is_thread) {
    pthread_create(&thread, NULL, die_here, way);
    pthread_join(thread, NULL);
  }
  die_here(way);
  return 0;
}

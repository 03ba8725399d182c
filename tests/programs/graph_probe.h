/* graph_probe.h: what the probes of the object graph share. Each hides a
 * block's only pointer in one place, one case a run; the first argument names
 * it. It writes what the snapshot must tell as lines "name value", in
 * hexadecimal, and keeps no pointer elsewhere: what it remembers of addresses
 * is inverted, and dead stack is wiped. */
#ifndef HEAPLINE_TESTS_PROGRAMS_GRAPH_PROBE_H_
#define HEAPLINE_TESTS_PROGRAMS_GRAPH_PROBE_H_

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "heapline/heapline.h"

#define APART __attribute__((noinline))

typedef uintptr_t Hidden; /* ~address */

static void* seen(Hidden hidden) { return (void*)~hidden; }

static void tell(const char* name, uintptr_t value) {
  char line[128];
  const int bytes =
      snprintf(line, sizeof line, "%s %lx\n", name, (unsigned long)value);
  if (write(1, line, (size_t)bytes) != bytes) abort();
}

APART static Hidden make(size_t bytes) {
  void* block = malloc(bytes);
  if (block == NULL) abort();
  memset(block, 0, bytes);
  return ~(uintptr_t)block;
}

/* Overwrites what calls have left below, at once and for threads too. */
APART static void wipe(void) {
  volatile char dead[12 << 10];
  for (size_t i = 0; i < sizeof dead; ++i) dead[i] = 0;
}

APART static void put(void* place, Hidden hidden, intptr_t further) {
  *(uintptr_t*)place = ~hidden + (uintptr_t)further;
  __asm__ volatile("" ::: "memory");
}

APART static void cut(void) {
  wipe();
  if (heapline_snapshot("graph") != 0) exit(1);
}

APART static Hidden make_told(size_t bytes) {
  const Hidden block = make(bytes);
  tell("block", ~block);
  return block;
}

static char* map(size_t bytes) {
  char* region = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (region == MAP_FAILED) abort();
  return region;
}

struct Case {
  const char* name;
  void (*run)(void);
};
#define CASE(name) \
  { #name, name }

/* Runs the case of that name. False: there is none. */
static int run_case(const struct Case* cases, size_t count, const char* name) {
  tell("tid", (uintptr_t)getpid());
  for (size_t i = 0; i < count; ++i) {
    if (strcmp(name, cases[i].name) != 0) continue;
    cases[i].run();
    return 1;
  }
  return 0;
}

#endif

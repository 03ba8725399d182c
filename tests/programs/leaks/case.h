/* case.h: programs that hold or lose blocks, each in one way. A case is a
 * function, and beside its name stands the truth about the blocks that it
 * leaves behind:
 *
 *   CASE(lost_ring_of_two, "direct 2 80") {
 *     struct Node* one = node(NULL);
 *     one->next = node(one);
 *     lose(one);
 *   }
 *
 * Parts of a truth, with commas between:
 *
 *   direct 2 80            two blocks of 80 bytes in all are lost: direct leaks
 *   indirect 3 120         lost with what is lost
 *   possible 1 40          held by a pointer into the block alone
 *   reachable 1 40         held
 *   reachable 1 40 by tls  held; were thread-local storage no root, lost
 *   stale 1 40             lost, but a dead word on a stack points there: what
 *                          is reported must say so, or call it direct
 *   nothing                all was freed
 *
 * The snapshot is cut when the function has returned and its frame has been
 * wiped, or where it calls cut(). EXIT_CASE: when the process ends.
 * leak_kinds.py compiles each file with two compilers, with and without
 * optimisation, and holds `heapline leaks` to every truth. */
#ifndef HEAPLINE_TESTS_PROGRAMS_LEAKS_CASE_H_
#define HEAPLINE_TESTS_PROGRAMS_LEAKS_CASE_H_

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heapline/heapline.h"

#define APART __attribute__((noinline))

struct Case {
  const char* name;
  void (*run)(void);
  int ends_itself;              /* its snapshot is that of the process's end */
} __attribute__((aligned(32))); /* rows stand side by side in their section */

#define CASE_OF(name, ends)                                                  \
  static void name(void);                                                    \
  __attribute__((section("leak_cases"),                                      \
                 used)) static const struct Case case_##name = {#name, name, \
                                                                ends};       \
  APART static void name(void)
#define CASE(name, truth) CASE_OF(name, 0)
#define EXIT_CASE(name, truth) CASE_OF(name, 1)

/* What a case forgets; the compiler must take it for used. */
static inline void lose(const void* block) {
  __asm__ volatile("" : : "r"(block) : "memory");
}

static inline void need(int is_so) {
  if (!is_so) abort();
}

static inline void* block_of(size_t bytes) {
  void* block = malloc(bytes);
  need(block != NULL);
  memset(block, 0, bytes);
  return block;
}

/* Overwrites what calls have left below, at once and for threads too. */
APART static void wipe(void) {
  volatile char dead[48 << 10];
  for (size_t i = 0; i < sizeof dead; ++i) dead[i] = 0;
}

static int is_cut;

APART static void cut(void) {
  wipe();
  is_cut = 1;
  need(heapline_snapshot("case") == 0);
}

extern const struct Case __start_leak_cases[], __stop_leak_cases[];

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (const struct Case* row = __start_leak_cases; row < __stop_leak_cases;
       ++row) {
    if (strcmp(argv[1], row->name) != 0) continue;
    row->run();
    wipe(); /* where cut() will have its frame */
    if (!row->ends_itself && !is_cut) cut();
    return 0;
  }
  return 2;
}

#endif

/* stale.c: lost blocks to which a dead word still points, on a stack that is in
 * use: a slot that its function has not written yet, or writes no more. Nobody
 * can tell it from a live one; so it must be told apart from real holders. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>

#include "case.h"

enum { kSlots = 256 };

void* held; /* not static: the compiler would do without it */

/* Leaves the block's address all over the stack below its caller. */
APART static void leave_words(void) {
  void* volatile slots[kSlots];
  void* block = block_of(40);
  for (int i = 0; i < kSlots; ++i) slots[i] = block;
  lose((void*)slots[kSlots / 2]);
}

/* Stands where leave_words stood, with an array of which it uses nothing. */
APART static void stand_there(void (*then)(void)) {
  void* volatile unused[kSlots];
  __asm__ volatile("" : : "r"(unused) : "memory");
  then();
  __asm__ volatile("" : : "r"(unused) : "memory");
}

CASE(dead_word_in_a_live_frame, "stale 1 40") {
  leave_words();
  stand_there(cut);
}

APART static void leave_ring(void) {
  void* volatile slots[kSlots];
  void** one = block_of(40);
  void** other = block_of(40);
  one[0] = other;
  other[0] = one;
  for (int i = 0; i < kSlots; ++i) slots[i] = other;
  lose((void*)slots[kSlots / 2]);
}

CASE(dead_word_that_points_at_a_ring, "stale 2 80") {
  leave_ring();
  stand_there(cut);
}

CASE(dead_word_beside_a_true_leak, "direct 1 24, stale 1 40") {
  lose(block_of(24));
  leave_words();
  stand_there(cut);
}

APART static void leave_words_of_held(void) {
  void* volatile slots[kSlots];
  held = block_of(40);
  for (int i = 0; i < kSlots; ++i) slots[i] = held;
  lose((void*)slots[kSlots / 2]);
}

CASE(dead_word_beside_a_true_holder, "reachable 1 40") {
  leave_words_of_held();
  stand_there(cut);
}

static sem_t is_ready;

static void tell_and_sleep(void) {
  wipe();
  sem_post(&is_ready);
  sleep(1000);
}

static void* leave_and_sleep(void* unused) {
  leave_words();
  stand_there(tell_and_sleep);
  return unused;
}

CASE(dead_word_on_another_threads_stack, "stale 1 40") {
  pthread_t thread;
  need(sem_init(&is_ready, 0, 0) == 0);
  need(pthread_create(&thread, NULL, leave_and_sleep, NULL) == 0);
  while (sem_wait(&is_ready) != 0) continue;
}

/* A local variable that is not looked at again: its slot keeps its word. */
APART static void forget_local(void) {
  void* volatile local = block_of(40);
  lose(local);
  cut();
}

CASE(local_that_is_used_no_more, "stale 1 40") { forget_local(); }

/* Below the stack pointer nothing is looked at. */
CASE(dead_word_below_the_stack, "direct 1 40") { leave_words(); }

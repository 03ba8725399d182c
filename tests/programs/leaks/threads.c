/* threads.c: what threads leave behind when they end, and what is lost when
 * processes fork and end. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/wait.h>

#include "case.h"

void* held; /* not static: the compiler would do without it */
__thread void* in_thread_local;
static pthread_key_t key;

static void run(void* (*routine)(void*)) {
  pthread_t thread;
  void* result;
  need(pthread_create(&thread, NULL, routine, NULL) == 0);
  need(pthread_join(thread, &result) == 0);
}

static void* lose_on_stack(void* unused) {
  void* volatile local = block_of(40);
  lose(local);
  return unused;
}

CASE(lost_by_a_thread_that_ended, "direct 1 40") { run(lose_on_stack); }

static void* lose_and_tell(void* is_done) {
  lose(block_of(40));
  __atomic_store_n((int*)is_done, 1, __ATOMIC_RELEASE);
  return NULL;
}

CASE(lost_by_a_detached_thread, "direct 1 40") {
  static int is_done;
  pthread_attr_t detached;
  pthread_t thread;
  need(pthread_attr_init(&detached) == 0);
  need(pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) == 0);
  need(pthread_create(&thread, &detached, lose_and_tell, &is_done) == 0);
  while (!__atomic_load_n(&is_done, __ATOMIC_ACQUIRE)) usleep(1000);
  usleep(50000);
}

static void* lose_in_thread_local(void* unused) {
  in_thread_local = block_of(40);
  return unused;
}

CASE(lost_with_an_ended_threads_thread_local, "direct 1 40") {
  run(lose_in_thread_local);
}

static void* lose_in_specific(void* unused) {
  need(pthread_setspecific(key, block_of(40)) == 0);
  return unused;
}

CASE(lost_with_an_ended_threads_specific, "direct 1 40") {
  need(pthread_key_create(&key, NULL) == 0);
  run(lose_in_specific);
}

CASE(freed_by_a_specifics_destructor, "nothing") {
  need(pthread_key_create(&key, free) == 0);
  run(lose_in_specific);
}

static void* return_block(void* unused) {
  (void)unused;
  return block_of(40);
}

CASE(result_of_a_thread_that_nobody_took, "direct 1 40") { run(return_block); }

static void* sleep_with_cleanup(void* unused) {
  void* block = block_of(40);
  pthread_cleanup_push(free, block);
  sleep(1000);
  pthread_cleanup_pop(1);
  return unused;
}

static void* sleep_without_cleanup(void* unused) {
  void* volatile local = block_of(40);
  sleep(1000);
  free(local);
  return unused;
}

static void cancel(void* (*routine)(void*)) {
  pthread_t thread;
  need(pthread_create(&thread, NULL, routine, NULL) == 0);
  usleep(50000);
  need(pthread_cancel(thread) == 0 && pthread_join(thread, NULL) == 0);
}

CASE(lost_by_a_cancelled_thread, "direct 1 40") {
  cancel(sleep_without_cleanup);
}

CASE(freed_by_a_cancelled_threads_cleanup, "nothing") {
  cancel(sleep_with_cleanup);
}

CASE(lost_by_sixteen_threads_at_once, "direct 16 640") {
  pthread_t threads[16];
  for (int i = 0; i < 16; ++i) {
    need(pthread_create(&threads[i], NULL, lose_on_stack, NULL) == 0);
  }
  for (int i = 0; i < 16; ++i) need(pthread_join(threads[i], NULL) == 0);
}

CASE(lost_by_threads_one_after_the_other, "direct 50 2000") {
  for (int i = 0; i < 50; ++i) run(lose_in_thread_local);
}

static void* cut_later(void* unused) {
  usleep(100000);
  cut();
  exit(0);
  return unused;
}

/* main has ended as a thread; its stack is nobody's. */
CASE(lost_by_a_main_that_ended_as_a_thread, "direct 1 40") {
  void* volatile local = block_of(40);
  pthread_t thread;
  need(pthread_create(&thread, NULL, cut_later, NULL) == 0);
  lose(local);
  pthread_exit(NULL);
}

/* ---- fork: only the one of the two that is meant cuts a snapshot. */

static void leave(void) { _exit(0); }

static int is_child(void) {
  const pid_t child = fork();
  need(child >= 0);
  if (child != 0) {
    int status;
    need(waitpid(child, &status, 0) == child && status == 0);
  }
  return child == 0;
}

CASE(lost_before_a_fork_as_the_child_sees_it, "direct 1 40") {
  lose(block_of(40));
  if (!is_child()) leave();
}

CASE(lost_before_a_fork_as_the_parent_sees_it, "direct 1 40") {
  lose(block_of(40));
  if (is_child()) leave();
}

CASE(lost_by_a_forked_child, "direct 1 40") {
  if (!is_child()) leave();
  lose(block_of(40));
}

CASE(lost_by_a_child_that_its_parent_does_not_see, "nothing") {
  if (is_child()) {
    lose(block_of(40));
    leave();
  }
}

CASE(held_across_a_fork, "reachable 1 40 by global") {
  held = block_of(40);
  if (!is_child()) leave();
}

CASE(freed_in_the_child_alone, "reachable 1 40 by global") {
  held = block_of(40);
  if (is_child()) {
    free(held);
    leave();
  }
}

static volatile int has_block;

static void* hold_and_sleep(void* unused) {
  void* volatile local = block_of(40);
  wipe();
  has_block = 1;
  sleep(1000);
  free(local);
  return unused;
}

/* The child has that thread's memory, but not the thread. */
CASE(lost_with_the_threads_that_fork_leaves_behind, "direct 1 40") {
  pthread_t thread;
  need(pthread_create(&thread, NULL, hold_and_sleep, NULL) == 0);
  while (!has_block) usleep(1000);
  if (!is_child()) leave();
}

/* ---- The end of the process. */

EXIT_CASE(lost_when_main_returned, "direct 1 40") {
  void* volatile local = block_of(40);
  lose(local);
}

EXIT_CASE(held_by_data_when_main_returned, "reachable 1 40 by global") {
  held = block_of(40);
}

static void free_held(void) { free(held); }

EXIT_CASE(freed_by_an_exit_handler, "nothing") {
  held = block_of(40);
  need(atexit(free_held) == 0);
}

EXIT_CASE(held_by_the_frame_that_calls_exit, "reachable 1 40 by stack") {
  void* volatile local = block_of(40);
  wipe();
  exit(0);
  free(local);
}

EXIT_CASE(held_by_the_frame_that_calls_quick_exit, "reachable 1 40 by stack") {
  void* volatile local = block_of(40);
  wipe();
  quick_exit(0);
  free(local);
}

EXIT_CASE(held_by_the_frame_that_calls_underscore_exit,
          "reachable 1 40 by stack") {
  void* volatile local = block_of(40);
  wipe();
  _exit(0);
  free(local);
}

EXIT_CASE(held_by_a_thread_that_runs_at_exit, "reachable 1 40 by stack") {
  pthread_t thread;
  need(pthread_create(&thread, NULL, hold_and_sleep, NULL) == 0);
  while (!has_block) usleep(1000);
}

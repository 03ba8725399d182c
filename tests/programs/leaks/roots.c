/* roots.c: the places outside of blocks that can hold one, each alone. The
 * pointer is nowhere else: what it was passed through is dead and wiped. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "case.h"

/* ---- Data. */

void* in_zeroed_data; /* not static: the compiler would do without it */
void* in_set_data = &in_set_data;
__thread void* in_thread_local;
static void* const in_constant_data = (void*)&in_zeroed_data;

CASE(held_by_zeroed_data, "reachable 1 40 by global") {
  in_zeroed_data = block_of(40);
}

CASE(held_by_set_data, "reachable 1 40 by global") {
  in_set_data = block_of(40);
}

CASE(held_by_a_functions_static, "reachable 1 40 by global") {
  static void* volatile held;
  held = block_of(40);
}

CASE(held_by_thread_local, "reachable 1 40 by tls") {
  in_thread_local = block_of(40);
}

CASE(held_by_the_environment, "reachable 1 16 by global") {
  char* pair = block_of(16);
  strcpy(pair, "HEAPLINE_CASE=1");
  need(putenv(pair) == 0 && in_constant_data != NULL);
}

static void on_exit_handler(int status, void* block) {
  (void)status;
  free(block);
}

CASE(held_by_an_exit_handlers_argument, "reachable 1 40 by global") {
  need(on_exit(on_exit_handler, block_of(40)) == 0);
}

/* ---- Libraries that are loaded late: library.c, the argument's neighbour. */

static void* load_library(void) {
  void* handle = dlopen(getenv("HEAPLINE_CASE_LIBRARY"), RTLD_NOW);
  need(handle != NULL);
  return handle;
}

static void** place_in(void* handle, const char* function) {
  void** (*place)(void);
  *(void**)&place = dlsym(handle, function);
  need(place != NULL);
  return place();
}

CASE(held_by_a_loaded_librarys_data, "reachable 1 40 by global") {
  *place_in(load_library(), "library_data") = block_of(40);
}

CASE(lost_with_a_closed_library, "direct 1 40") {
  void* handle = load_library();
  *place_in(handle, "library_data") = block_of(40);
  need(dlclose(handle) == 0);
}

static sem_t is_ready, may_go;

static void wait_for(sem_t* semaphore) {
  while (sem_wait(semaphore) != 0) continue;
}

/* Runs `routine` in a thread until it is ready and leaves it waiting. */
static pthread_t in_thread(void* (*routine)(void*), void* argument) {
  pthread_t thread;
  need(sem_init(&is_ready, 0, 0) == 0 && sem_init(&may_go, 0, 0) == 0);
  need(pthread_create(&thread, NULL, routine, argument) == 0);
  wait_for(&is_ready);
  return thread;
}

static void stay(void) {
  wipe();
  sem_post(&is_ready);
  wait_for(&may_go);
}

static void* hold_in_library(void* handle) {
  *place_in(handle, "library_thread_local") = block_of(40);
  stay();
  return NULL;
}

/* Dynamic TLS: a block of the loader's that hangs on the thread. */
CASE(held_by_a_librarys_thread_local, "reachable 1 40") {
  in_thread(hold_in_library, load_library());
}

/* ---- Threads. */

CASE(held_by_pthread_specific, "reachable 1 40 by thread") {
  pthread_key_t key;
  need(pthread_key_create(&key, NULL) == 0);
  need(pthread_setspecific(key, block_of(40)) == 0);
}

static void* hold_specific(void* unused) {
  pthread_key_t key;
  need(pthread_key_create(&key, NULL) == 0);
  need(pthread_setspecific(key, block_of(40)) == 0);
  stay();
  return unused;
}

CASE(held_by_another_threads_specific, "reachable 1 40 by thread") {
  in_thread(hold_specific, NULL);
}

static void* hold_in_thread_local(void* unused) {
  in_thread_local = block_of(40);
  stay();
  return unused;
}

CASE(held_by_another_threads_thread_local, "reachable 1 40 by tls") {
  in_thread(hold_in_thread_local, NULL);
}

static void* ignore_argument(void* argument) {
  (void)argument;
  stay();
  return NULL;
}

CASE(held_by_a_threads_argument, "reachable 1 40") {
  in_thread(ignore_argument, block_of(40));
}

APART static void hold_here(void) {
  void* volatile local = block_of(40);
  cut();
  free(local);
}

CASE(held_by_the_main_stack, "reachable 1 40 by stack") { hold_here(); }

static void* hold_on_stack(void* unused) {
  void* volatile local = block_of(40);
  stay();
  free(local);
  return unused;
}

CASE(held_by_another_threads_stack, "reachable 1 40 by stack") {
  in_thread(hold_on_stack, NULL);
}

static volatile int go_on = 1;
static uintptr_t inverted; /* no pointer */

static void* hold_in_register(void* unused) {
  wipe();
  sem_post(&is_ready);
  __asm__ volatile(
      "movq %1, %%r12\n"
      "notq %%r12\n"
      "1: pause\n"
      "cmpl $0, %0\n"
      "jne 1b\n"
      :
      : "m"(go_on), "m"(inverted)
      : "r12", "memory", "cc");
  return unused;
}

static void* hold_in_vector(void* unused) {
  wipe();
  sem_post(&is_ready);
  __asm__ volatile(
      "movq %1, %%rax\n"
      "notq %%rax\n"
      "movq %%rax, %%xmm9\n"
      "xorl %%eax, %%eax\n"
      "1: pause\n"
      "cmpl $0, %0\n"
      "jne 1b\n"
      :
      : "m"(go_on), "m"(inverted)
      : "rax", "xmm9", "memory", "cc");
  return unused;
}

CASE(held_by_a_register, "reachable 1 40 by register") {
  inverted = ~(uintptr_t)block_of(40);
  in_thread(hold_in_register, NULL);
  usleep(20000);
}

CASE(held_by_a_vector_register, "reachable 1 40 by register") {
  inverted = ~(uintptr_t)block_of(40);
  in_thread(hold_in_vector, NULL);
  usleep(20000);
}

/* ---- Mappings. */

static void** map(int sharing) {
  void* region = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                      sharing | MAP_ANONYMOUS, -1, 0);
  need(region != MAP_FAILED);
  return region;
}

CASE(held_by_a_mapping, "reachable 1 40 by mapping") {
  map(MAP_PRIVATE)[5000] = block_of(40);
}

CASE(lost_with_an_unmapped_mapping, "direct 1 40") {
  void** region = map(MAP_PRIVATE);
  region[5000] = block_of(40);
  need(munmap(region, 1 << 20) == 0);
}

CASE(pointer_in_memory_shared_with_others, "direct 1 40") {
  map(MAP_SHARED)[5000] = block_of(40);
}

CASE(held_by_a_registered_region, "reachable 1 40 by region") {
  void** region = map(MAP_SHARED);
  heapline_add_root(region, 1 << 20);
  region[5000] = block_of(40);
}

CASE(lost_by_a_region_registered_no_more, "direct 1 40") {
  void** region = map(MAP_SHARED);
  heapline_add_root(region, 1 << 20);
  region[5000] = block_of(40);
  heapline_remove_root(region);
}

/* ---- Stacks that are no thread's own. */

static ucontext_t outside, inside;

APART static void hold_in_coroutine(void) {
  void* volatile local = block_of(40);
  cut();
  free(local);
}

APART static void sleep_in_coroutine(void) {
  void* volatile local = block_of(40);
  wipe();
  swapcontext(&inside, &outside);
  free(local);
}

static void enter(void (*body)(void), void* stack, size_t bytes) {
  need(getcontext(&inside) == 0);
  inside.uc_stack.ss_sp = stack;
  inside.uc_stack.ss_size = bytes;
  inside.uc_link = &outside;
  makecontext(&inside, body, 0);
  need(swapcontext(&outside, &inside) == 0);
  /* They hold registers, one of them the coroutine's stack pointer. */
  memset(&inside, 0, sizeof inside);
  memset(&outside, 0, sizeof outside);
}

CASE(held_by_a_coroutine_that_runs, "reachable 1 40 by stack") {
  enter(hold_in_coroutine, map(MAP_PRIVATE), 1 << 20);
}

CASE(held_by_a_coroutine_that_sleeps, "reachable 1 40 by mapping") {
  enter(sleep_in_coroutine, map(MAP_PRIVATE), 1 << 20);
}

CASE(held_by_a_coroutine_on_a_block, "reachable 2 131112 by global") {
  in_zeroed_data = block_of(128 << 10);
  enter(sleep_in_coroutine, in_zeroed_data, 128 << 10);
}

CASE(lost_coroutine, "direct 1 131072, indirect 1 40") {
  void* stack = block_of(128 << 10);
  enter(sleep_in_coroutine, stack, 128 << 10);
}

static void hold_in_handler(int number) {
  void* volatile local = (void*)~inverted;
  (void)number;
  cut();
  lose(local);
}

CASE(held_by_a_signal_handlers_own_stack, "reachable 1 40 by stack") {
  const stack_t stack = {.ss_sp = map(MAP_PRIVATE), .ss_size = 1 << 20};
  struct sigaction action = {.sa_handler = hold_in_handler,
                             .sa_flags = SA_ONSTACK};
  inverted = ~(uintptr_t)block_of(40);
  need(sigaltstack(&stack, NULL) == 0);
  need(sigaction(SIGUSR1, &action, NULL) == 0);
  need(raise(SIGUSR1) == 0);
}

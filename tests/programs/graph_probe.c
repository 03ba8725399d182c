/* graph_probe.c: blocks whose only pointer is in one place, one case a run; the
 * first argument names it. Writes what the snapshot must tell as lines
 * "name value", addresses in hexadecimal, and keeps no pointer elsewhere: what
 * it remembers of addresses is inverted, and dead stack is wiped. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
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

/* ---- Data. */

static void* in_bss;
static void* in_data = &in_data;
static __thread void* in_tls;

static void global_zeroed(void) {
  put(&in_bss, make_told(40), 0);
  tell("source", (uintptr_t)&in_bss);
  cut();
}

static void global_set(void) {
  put(&in_data, make_told(40), 0);
  tell("source", (uintptr_t)&in_data);
  cut();
}

static void tls(void) {
  put(&in_tls, make_told(40), 0);
  tell("source", (uintptr_t)&in_tls);
  cut();
}

static void specific(void) {
  pthread_key_t key;
  if (pthread_key_create(&key, NULL) != 0) abort();
  const Hidden block = make_told(40);
  pthread_setspecific(key, seen(block));
  tell("from", (uintptr_t)pthread_self());
  cut();
}

static void library(const char* path) {
  void* handle = dlopen(path, RTLD_NOW);
  if (handle == NULL) abort();
  void** place = dlsym(handle, "graph_probe_held");
  put(place, make_told(40), 0);
  tell("source", (uintptr_t)place);
  cut();
}

static void library_tls(const char* path) {
  void* handle = dlopen(path, RTLD_NOW);
  if (handle == NULL) abort();
  void** (*place_of)(void);
  *(void**)&place_of = dlsym(handle, "graph_probe_tls_place");
  put(place_of(), make_told(40), 0);
  tell("place", (uintptr_t)place_of());
  cut();
}

static char* map(size_t bytes) {
  char* region = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (region == MAP_FAILED) abort();
  return region;
}

static void mapping(void) {
  char* region = map(1 << 20);
  put(region + 70000, make_told(40), 0);
  tell("source", (uintptr_t)region + 70000);
  cut();
}

/* Beside a block that the allocator mapped: the kernel joins the two. */
static void mapping_beside_block(void) {
  const Hidden above = make(400 << 10);
  char* region = map(64 << 10);
  const Hidden below = make(400 << 10);
  put(region + 4096, make_told(40), 0);
  tell("source", (uintptr_t)region + 4096);
  tell("neighbours", (above ^ below) != 0);
  cut();
}

static void shared_mapping(void) {
  char* region = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (region == MAP_FAILED) abort();
  put(region, make_told(40), 0);
  cut();
}

static void root_region(void) {
  char* region = map(1 << 20);
  heapline_add_root(region + 4096, 4096);
  put(region + 8184, make_told(40), 0);
  tell("source", (uintptr_t)region + 8184);
  cut();
}

/* ---- Where the pointer points. */

static void interior(void) {
  put(&in_bss, make_told(40), 24);
  tell("source", (uintptr_t)&in_bss);
  cut();
}

static void past_the_end(void) {
  put(&in_bss, make_told(40), 40);
  tell("source", (uintptr_t)&in_bss);
  cut();
}

static void behind_the_end(void) {
  put(&in_bss, make_told(40), 41);
  cut();
}

/* The address after one block is the start of another. */
static void end_is_start(void) {
  char* arena = map(4096);
  for (int i = 0; i < 4; ++i) {
    heapline_pool_alloc(arena, arena + 64 * i, 64);
  }
  put(&in_bss, ~((uintptr_t)arena + 128), 0);
  tell("block", (uintptr_t)arena + 128);
  tell("source", (uintptr_t)&in_bss);
  cut();
}

static void far_into_large(void) {
  put(&in_bss, make_told(200 << 20), (150 << 20) + 8);
  tell("source", (uintptr_t)&in_bss);
  cut();
}

/* ---- Threads. */

static sem_t is_ready, may_go;
static volatile int go_on = 1;
static Hidden given;

static void wait_ready(void) {
  while (sem_wait(&is_ready) != 0) continue;
}

static void* hold_on_stack(void* unused) {
  (void)unused;
  void* volatile local;
  put((void*)&local, given, 0);
  tell("source", (uintptr_t)&local);
  tell("owner", (uintptr_t)syscall(SYS_gettid));
  wipe();
  sem_post(&is_ready);
  while (sem_wait(&may_go) != 0) continue;
  return local == NULL ? unused : NULL;
}

static void* hold_in_tls(void* unused) {
  put(&in_tls, given, 0);
  tell("source", (uintptr_t)&in_tls);
  tell("owner", (uintptr_t)syscall(SYS_gettid));
  wipe();
  sem_post(&is_ready);
  while (sem_wait(&may_go) != 0) continue;
  return unused;
}

static void* hold_in_register(void* unused) {
  tell("owner", (uintptr_t)syscall(SYS_gettid));
  wipe();
  sem_post(&is_ready);
  __asm__ volatile(
      "movq %1, %%r12\n"
      "notq %%r12\n"
      "1: pause\n"
      "cmpl $0, %0\n"
      "jne 1b\n"
      "xorl %%r12d, %%r12d\n"
      :
      : "m"(go_on), "m"(given)
      : "r12", "memory", "cc");
  return unused;
}

static void* hold_in_vector(void* unused) {
  tell("owner", (uintptr_t)syscall(SYS_gettid));
  wipe();
  sem_post(&is_ready);
  __asm__ volatile(
      "movq %1, %%rax\n"
      "notq %%rax\n"
      "pxor %%xmm9, %%xmm9\n"
      "movq %%rax, %%xmm9\n"
      "xorl %%eax, %%eax\n"
      "1: pause\n"
      "cmpl $0, %0\n"
      "jne 1b\n"
      "pxor %%xmm9, %%xmm9\n"
      :
      : "m"(go_on), "m"(given)
      : "rax", "xmm9", "memory", "cc");
  return unused;
}

static void in_thread(void* (*routine)(void*)) {
  pthread_t thread;
  given = make_told(40);
  if (pthread_create(&thread, NULL, routine, NULL) != 0) abort();
  wait_ready();
  usleep(20000);
  cut();
  go_on = 0;
  sem_post(&may_go);
  pthread_join(thread, NULL);
}

/* Of 20 threads one after the other, each on the stack of the one before or
 * beside it; the last pointer of each stays behind there. */
static void exited_thread(void) {
  given = make_told(40);
  pthread_t threads[4];
  for (int i = 0; i < 5; ++i) {
    for (int t = 0; t < 4; ++t) {
      sem_post(&may_go);
      if (pthread_create(&threads[t], NULL,
                         t % 2 == 0 ? hold_on_stack : hold_in_tls, NULL) != 0) {
        abort();
      }
    }
    for (int t = 0; t < 4; ++t) pthread_join(threads[t], NULL);
  }
  cut();
}

/* ---- Stacks that are no thread's own. */

static ucontext_t outside, inside;

static void coroutine_body(void) {
  void* volatile local;
  put((void*)&local, given, 0);
  tell("source", (uintptr_t)&local);
  if (go_on == 1) {
    cut();
  } else {
    swapcontext(&inside, &outside);
  }
  if (local == NULL) abort();
}

static void run_coroutine(char* stack, size_t bytes) {
  if (getcontext(&inside) != 0) abort();
  inside.uc_stack.ss_sp = stack;
  inside.uc_stack.ss_size = bytes;
  inside.uc_link = &outside;
  makecontext(&inside, coroutine_body, 0);
  if (swapcontext(&outside, &inside) != 0) abort();
}

static void coroutine(void) {
  void* volatile local;
  put((void*)&local, make(56), 0);
  tell("other_block", (uintptr_t)local);
  tell("other_source", (uintptr_t)&local);
  given = make_told(40);
  run_coroutine(map(64 << 10), 64 << 10);
  if (local == NULL) abort();
}

static void coroutine_on_block(void) {
  given = make_told(40);
  const Hidden stack = make(64 << 10);
  tell("stack", ~stack);
  run_coroutine(seen(stack), 64 << 10);
}

static void coroutine_asleep(void) {
  go_on = 2;
  given = make_told(40);
  run_coroutine(map(64 << 10), 64 << 10);
  cut();
}

/* ---- Edges. */

static void edges(void) {
  const Hidden from = make(100);
  const Hidden to = make_told(40);
  tell("from", ~from);
  char* words = seen(from);
  put(words, from, 0);
  put(words + 16, to, 0);
  put(words + 24, to, 8);
  put(words + 40, to, 40);
  put(words + 48, to, 41);
  put(words + 60, to, 0); /* not aligned */
  put(words + 88, to, 0);
  cut();
}

static void freed(void) {
  const Hidden from = make(1000);
  const Hidden keeps_top_away = make(40);
  const Hidden to = make_told(40);
  for (int i = 0; i < 100; ++i) put((char*)seen(from) + i * 8, to, 0);
  free(seen(from));
  put(&in_data, keeps_top_away, 0);
  cut();
}

static void first_words(void) {
  const Hidden block = make_told(72);
  uintptr_t* words = seen(block);
  words[0] = (uintptr_t)&edges;
  words[1] = (uintptr_t)3 << 32 | 5;
  words[2] = 1u << 20;
  words[3] = (uintptr_t)&in_bss;
  words[4] = ~(uintptr_t)0;
  words[7] = 7;
  words[8] = 9; /* beyond the eighth */
  tell("code", words[0]);
  tell("data", words[3]);
  cut();
}

/* An address whose halves are both as small as counts are. */
static void small_halves(void) {
  const uintptr_t where = ((uintptr_t)1 << 32) * 0x1234 + 4096;
  char* arena = mmap((void*)where, 4096, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (arena == MAP_FAILED) abort();
  heapline_pool_alloc(arena, arena, 64);
  const Hidden from = make(40);
  tell("block", (uintptr_t)arena);
  put(seen(from), ~(uintptr_t)arena, 0);
  tell("from", ~from);
  cut();
}

static void unreadable_page(void) {
  const Hidden from = make(1 << 20);
  const Hidden to = make_told(40);
  const uintptr_t page = ((uintptr_t)seen(from) + 300000) & ~(uintptr_t)4095;
  put((void*)(page + 4096), to, 0);
  put((void*)(page - 8), to, 0);
  tell("from", ~from);
  tell("low", page - 8 - ~from);
  tell("high", page + 4096 - ~from);
  if (mprotect((void*)page, 4096, PROT_NONE) != 0) abort();
  cut();
  mprotect((void*)page, 4096, PROT_READ | PROT_WRITE);
}

/* A region that children do not get. */
static void uncopied_mapping(void) {
  char* region = map(64 << 10);
  if (madvise(region, 64 << 10, MADV_DONTFORK) != 0) abort();
  put(region, make_told(40), 0);
  tell("source", (uintptr_t)region);
  cut();
}

/* A block of 64 GiB of which two pages were ever written. */
static void untouched_block(void) {
  char* huge = mmap(NULL, (size_t)64 << 30, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (huge == MAP_FAILED) abort();
  heapline_pool_alloc(huge, huge, (size_t)64 << 30);
  const Hidden to = make_told(40);
  put(huge + ((size_t)63 << 30), to, 0);
  put(huge + 8, to, 0);
  tell("from", (uintptr_t)huge);
  cut();
}

static void pool(void) {
  const Hidden container = make(4000);
  const Hidden to = make_told(40);
  char* arena = seen(container);
  for (int i = 1; i < 4; ++i) {
    heapline_pool_alloc(arena, arena + 256 * i, 200);
    put(arena + 256 * i + 8, to, 0);
  }
  put(arena + 16, to, 0);        /* before the pool's blocks */
  put(arena + 256 + 208, to, 0); /* between two of them */
  put(arena + 3000, ~((uintptr_t)arena + 512), 16);
  tell("from", ~container);
  cut();
}

/* ---- The heap's own pointers. */

/* The last block before the top chunk, its size filling its chunk: libc's
 * pointer to the top chunk points into it. */
static void top_chunk(void) {
  Hidden last = 0;
  for (int i = 0; i < 200; ++i) last = make(1000 + 8 * (i % 2) + 24);
  last = make_told(1016);
  (void)last;
  cut();
}

static void untraced(void) {
  const Hidden before = make(100);
  heapline_start();
  put((char*)seen(before) + 32, make_told(40), 0);
  tell("source", ~before + 32);
  cut();
}

/* ---- The end of the process: no snapshot of ours. */

static void leave(void) {
  void* volatile dead[64];
  for (int i = 0; i < 64; ++i) put((void*)&dead[i], given, 0);
}

static void leave_words(void) {
  leave();
  /* The handlers that run after this one reuse the stack without writing to
   * all of it. */
}

static void main_returns(void) {
  void* volatile local;
  given = make_told(40);
  atexit(leave_words);
  put((void*)&local, given, 0);
  leave();
  if (local == NULL) abort();
}

APART static void exit_holding(void) {
  void* volatile local;
  put((void*)&local, given, 0);
  tell("source", (uintptr_t)&local);
  leave();
  exit(0);
}

static void exit_from_frame(void) {
  given = make_told(40);
  atexit(leave_words);
  exit_holding();
}

static void quick_exit_from_frame(void) {
  void* volatile local;
  given = make_told(40);
  put((void*)&local, given, 0);
  tell("source", (uintptr_t)&local);
  quick_exit(0);
}

static void plain_exit_from_frame(void) {
  void* volatile local;
  given = make_told(40);
  put((void*)&local, given, 0);
  tell("source", (uintptr_t)&local);
  _exit(0);
}

/* The pointer is in rbx alone when exit() is called, and exit() never
 * returns. */
static void exit_register(void) {
  given = make_told(40);
  atexit(leave_words);
  __asm__ volatile(
      "movq %0, %%rbx\n"
      "notq %%rbx\n"
      "xorl %%edi, %%edi\n"
      "andq $-16, %%rsp\n"
      "call exit@PLT\n"
      :
      : "m"(given)
      : "rbx", "rdi", "memory");
}

static void exit_beside_thread(void) {
  pthread_t thread;
  given = make_told(40);
  if (pthread_create(&thread, NULL, hold_on_stack, NULL) != 0) abort();
  wait_ready();
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(void);
  } kCases[] = {
#define CASE(name) {#name, name}
      CASE(global_zeroed),
      CASE(global_set),
      CASE(tls),
      CASE(specific),
      CASE(mapping),
      CASE(mapping_beside_block),
      CASE(shared_mapping),
      CASE(root_region),
      CASE(interior),
      CASE(past_the_end),
      CASE(behind_the_end),
      CASE(end_is_start),
      CASE(far_into_large),
      CASE(exited_thread),
      CASE(coroutine),
      CASE(coroutine_on_block),
      CASE(coroutine_asleep),
      CASE(edges),
      CASE(freed),
      CASE(first_words),
      CASE(unreadable_page),
      CASE(untouched_block),
      CASE(pool),
      CASE(uncopied_mapping),
      CASE(small_halves),
      CASE(top_chunk),
      CASE(untraced),
      CASE(main_returns),
      CASE(exit_from_frame),
      CASE(quick_exit_from_frame),
      CASE(plain_exit_from_frame),
      CASE(exit_register),
      CASE(exit_beside_thread)};
  static const struct {
    const char* name;
    void* (*routine)(void*);
  } kThreads[] = {CASE(hold_on_stack), CASE(hold_in_tls),
                  CASE(hold_in_register), CASE(hold_in_vector)};
  if (argc < 2) return 2;
  tell("tid", (uintptr_t)getpid());
  if (sem_init(&is_ready, 0, 0) != 0 || sem_init(&may_go, 0, 0) != 0) return 2;
  if (strcmp(argv[1], "library") == 0) return library(argv[2]), 0;
  if (strcmp(argv[1], "library_tls") == 0) return library_tls(argv[2]), 0;
  for (size_t i = 0; i < sizeof kThreads / sizeof *kThreads; ++i) {
    if (strcmp(argv[1], kThreads[i].name) != 0) continue;
    in_thread(kThreads[i].routine);
    return 0;
  }
  for (size_t i = 0; i < sizeof kCases / sizeof *kCases; ++i) {
    if (strcmp(argv[1], kCases[i].name) != 0) continue;
    kCases[i].run();
    return 0;
  }
  return 2;
}

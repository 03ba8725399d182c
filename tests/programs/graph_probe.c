/* graph_probe.c: pointers in data, mappings and blocks (graph_probe.h). */
#define _GNU_SOURCE
#include "graph_probe.h"

#include <dlfcn.h>
#include <pthread.h>

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

int main(int argc, char** argv) {
  static const struct Case kCases[] = {CASE(global_zeroed),
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
                                       CASE(edges),
                                       CASE(freed),
                                       CASE(first_words),
                                       CASE(unreadable_page),
                                       CASE(untouched_block),
                                       CASE(pool),
                                       CASE(uncopied_mapping),
                                       CASE(small_halves),
                                       CASE(top_chunk),
                                       CASE(untraced)};
  if (argc < 2) return 2;
  if (argc == 3 && strcmp(argv[1], "library") == 0) return library(argv[2]), 0;
  if (argc == 3 && strcmp(argv[1], "library_tls") == 0) {
    return library_tls(argv[2]), 0;
  }
  return run_case(kCases, sizeof kCases / sizeof *kCases, argv[1]) ? 0 : 2;
}

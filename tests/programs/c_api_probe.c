/* c_api_probe.c: uses every call of heapline.h and prints what came of it, one
 * `name value` a line, for c_api.py. Compiled there as C11 and as C++17, by
 * gcc and clang, with c_api_other_unit.c beside it, as PIE and not. */
#include <heapline/heapline.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C"
#endif
    int
    PresentInOtherUnit(void);

static char* Allocate(size_t bytes) {
  char* block = (char*)malloc(bytes);
  if (block == NULL) abort();
  memset(block, 1, bytes);
  /* So that no compiler removes a block that is only freed. */
  __asm__ volatile("" : : "g"(block) : "memory");
  return block;
}

static void Print(const char* name, uint64_t value) {
  printf("%s %" PRIu64 "\n", name, value);
  fflush(stdout);
}

static char arena[4096] __attribute__((aligned(16)));

int main(void) {
  Print("present", (uint64_t)heapline_is_present());
  Print("present_in_other_unit", (uint64_t)PresentInOtherUnit());

  const uint64_t before = heapline_current();
  char* block = Allocate(100000);
  Print("current_grew_by", heapline_current() - before);
  free(block);
  Print("current_fell_back", heapline_current() == before);
  Print("peak_saw_it", heapline_peak() >= before + 100000);
  heapline_reset_peak();
  Print("peak_was_reset", heapline_peak() < before + 100000);

  Print("first_add_root", heapline_add_root(arena, sizeof arena) == 0);
  Print("remove_root", heapline_remove_root(arena) == 0);
  Print("second_remove_root", heapline_remove_root(arena) == 0);
  heapline_add_root(arena, sizeof arena);

  heapline_scope_begin("outer scope");
  heapline_scope_begin("inner scope");
  char* scoped = Allocate(30001);
  heapline_scope_end();
  heapline_scope_end();
  heapline_scope_end(); /* one too many does nothing */
  char* unscoped = Allocate(30002);

  char* pool = Allocate(65536);
  heapline_pool_alloc(pool, pool, 1008);
  heapline_pool_alloc(pool, pool + 1024, 2000);
  heapline_pool_alloc(pool, pool + 4096, 500);
  heapline_pool_free(pool, pool + 4096);
  heapline_pool_free(pool, pool + 8192); /* never told */

  char* forgotten = Allocate(40001);
  heapline_expect_dead(forgotten, "should be gone");
  char* kept_word = Allocate(40002);
  heapline_expect_dead(kept_word, NULL);
  free(kept_word);

  for (int round = 0; round < 3; ++round) heapline_round();

  char* freed_unseen = Allocate(60001);
  heapline_stop();
  char* unseen = Allocate(50001);
  free(freed_unseen);
  heapline_start();
  char* seen = Allocate(50002);

  Print("snapshot", heapline_snapshot("from the probe") == 0);

  free(seen);
  free(unseen);
  free(forgotten);
  free(pool);
  free(unscoped);
  free(scoped);
  return 0;
}

/* pointers.c: what counts as a pointer to a block, and which blocks there
 * are. */
#include "case.h"

void* held; /* not static: the compiler would do without it */

CASE(pointer_to_the_start, "reachable 1 40 by global") { held = block_of(40); }

CASE(pointer_into_the_middle, "possible 1 40") {
  held = (char*)block_of(40) + 16;
}

CASE(pointer_to_an_odd_byte, "possible 1 40") {
  held = (char*)block_of(40) + 7;
}

CASE(pointer_one_past_the_end, "possible 1 40") {
  held = (char*)block_of(40) + 40;
}

CASE(pointer_further_than_the_end, "direct 1 40") {
  held = (char*)block_of(40) + 41;
}

CASE(pointer_before_the_start, "direct 1 40") {
  held = (char*)block_of(40) - 4;
}

/* Held all the same: docs/limits.md. */
CASE(pointer_that_is_inverted, "direct 1 40") {
  held = (void*)~(uintptr_t)block_of(40);
}

CASE(pointer_with_a_tag_in_low_bits, "possible 1 40") {
  held = (void*)((uintptr_t)block_of(40) | 3);
}

/* Held all the same: docs/limits.md. */
CASE(pointer_with_a_tag_in_high_bits, "direct 1 40") {
  held = (void*)((uintptr_t)block_of(40) | (uintptr_t)1 << 60);
}

/* Held all the same: docs/limits.md. */
CASE(pointer_at_an_odd_address, "reachable 1 64 by global, direct 1 40") {
  void* block = block_of(40);
  held = block_of(64);
  memcpy((char*)held + 20, &block, sizeof block);
}

CASE(pointer_in_the_last_word, "reachable 2 140 by global") {
  char* holder = block_of(100);
  *(void**)(holder + 88) = block_of(40);
  held = holder;
}

CASE(pointer_in_a_freed_block, "direct 1 40") {
  void** holder = block_of(400);
  for (int i = 0; i < 50; ++i) holder[i] = block_of(0);
  for (int i = 0; i < 50; ++i) free(holder[i]);
  holder[20] = block_of(40);
  free(holder);
}

CASE(pointer_in_a_block_that_moved,
     "reachable 2 100040 by global, direct 1 24") {
  void** holder = block_of(40);
  holder[2] = block_of(40);
  lose(block_of(24)); /* stands in its way */
  holder = realloc(holder, 100000);
  need(holder != NULL);
  memset(holder + 5, 0, 100000 - 40);
  held = holder;
}

CASE(pointer_that_was_overwritten, "direct 1 40, reachable 1 48 by global") {
  held = block_of(40);
  held = block_of(48);
}

CASE(chain_through_three_blocks, "reachable 3 120 by global") {
  void** first = block_of(40);
  void** second = block_of(40);
  second[4] = block_of(40);
  first[1] = second;
  held = first;
}

CASE(pointer_far_inside_a_large_block, "reachable 2 209715240 by global") {
  void** large = malloc(200 << 20);
  need(large != NULL);
  large[(150 << 20) / sizeof *large] = block_of(40);
  held = large;
}

CASE(pointer_far_into_a_large_block, "possible 1 209715200") {
  held = (char*)malloc(200 << 20) + (150 << 20);
}

CASE(three_lost_large_blocks, "direct 3 9437184") {
  for (int i = 0; i < 3; ++i) lose(block_of(3 << 20));
}

CASE(lost_block_of_no_bytes, "direct 1 0") { lose(malloc(0)); }

CASE(held_block_of_no_bytes, "reachable 1 0 by global") { held = malloc(0); }

CASE(lost_calloc, "direct 1 120") { lose(calloc(3, 40)); }

CASE(lost_realloc, "direct 1 300") { lose(realloc(malloc(10), 300)); }

CASE(realloc_to_nothing, "nothing") { lose(realloc(block_of(40), 0)); }

CASE(lost_aligned_block, "direct 1 8192") { lose(aligned_alloc(4096, 8192)); }

CASE(lost_posix_memalign, "direct 1 1000") {
  void* block;
  need(posix_memalign(&block, 256, 1000) == 0);
  lose(block);
}

CASE(lost_strdup, "direct 1 6") { lose(strdup("hello")); }

/* Blocks of a pool that the program tells of; the block around them is no
 * block of its own. */
CASE(lost_block_of_a_held_pool, "reachable 1 200 by global, direct 1 200") {
  char* pool = block_of(4096);
  heapline_pool_alloc(pool, pool + 256, 200);
  heapline_pool_alloc(pool, pool + 512, 200);
  held = pool + 256;
}

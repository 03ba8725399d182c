/* c_call_sequence.c SEED CALLS: a random sequence over the whole malloc family,
 * with the sizes and alignments at which allocators differ. Every result is
 * folded into a digest: whether it is NULL, errno, alignment, usable size, the
 * bytes it holds, and its place in the heap. A second thread does the same with
 * another seed, without sizes and places, which there depend on chance. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kSlots = 512 };

struct Sequence {
  uint64_t random;
  uint64_t digest;
  long calls;
  int looks_at_heap;
  uintptr_t heap; /* its first block, whole pages */
  unsigned char* block[kSlots];
  size_t bytes[kSlots];
};

static uint64_t next(struct Sequence* s) {
  s->random ^= s->random << 13;
  s->random ^= s->random >> 7;
  s->random ^= s->random << 17;
  return s->random;
}

static void fold(struct Sequence* s, uint64_t value) {
  s->digest = (s->digest ^ value) * 1099511628211u;
}

static size_t pick_size(struct Sequence* s) {
  static const size_t odd[] = {0,
                               1,
                               7,
                               24,
                               25,
                               1032,
                               131071,
                               131072,
                               200000,
                               1 << 18,
                               (size_t)PTRDIFF_MAX,
                               (size_t)PTRDIFF_MAX + 1,
                               SIZE_MAX,
                               SIZE_MAX - 15,
                               SIZE_MAX - 4096};
  uint64_t kind = next(s) % 64;
  if (kind < 8) return odd[next(s) % (sizeof odd / sizeof *odd)];
  if (kind < 12) return next(s) % 100000;
  return next(s) % 1000;
}

static size_t pick_alignment(struct Sequence* s) {
  static const size_t odd[] = {0, 1, 3, 8, 24, 48, 100};
  uint64_t kind = next(s) % 8;
  if (kind == 0) return odd[next(s) % (sizeof odd / sizeof *odd)];
  return (size_t)8 << next(s) % 10;
}

/* What a slot holds is a pattern of its number; all of it must still be there.
 */
static void check_and_fold(struct Sequence* s, unsigned slot, size_t bytes) {
  size_t wrong = 0;
  for (size_t i = 0; i < bytes; i++) {
    wrong += s->block[slot][i] != (unsigned char)(slot * 31 + i);
  }
  fold(s, wrong);
}

static void fill(struct Sequence* s, unsigned slot) {
  for (size_t i = 0; i < s->bytes[slot]; i++) {
    s->block[slot][i] = (unsigned char)(slot * 31 + i);
  }
}

static void take_result(struct Sequence* s, unsigned slot, void* block,
                        size_t bytes) {
  fold(s, block != NULL);
  fold(s, (uint64_t)errno);
  s->block[slot] = block;
  s->bytes[slot] = block == NULL ? 0 : bytes;
  if (block == NULL) return;
  fold(s, (uintptr_t)block % 16);
  if (s->looks_at_heap) {
    uintptr_t place = (uintptr_t)block - (s->heap << 12);
    fold(s, malloc_usable_size(block));
    if (place < (uintptr_t)1 << 32) fold(s, place); /* else a mapping */
  }
  fill(s, slot);
}

static void allocate(struct Sequence* s, unsigned slot) {
  size_t bytes = pick_size(s);
  size_t alignment = pick_alignment(s);
  void* block = NULL;
  size_t count;
  errno = 0;
  switch (next(s) % 8) {
    case 0:
      count = next(s) % 9;
      block = calloc(count, bytes);
      bytes = count * bytes;
      for (size_t i = 0; block && i < bytes; i++) {
        if (((char*)block)[i] != 0) fold(s, 0xbad);
      }
      break;
    case 1:
      if (posix_memalign(&block, alignment, bytes) != 0) block = NULL;
      if (block) fold(s, (uintptr_t)block % alignment);
      break;
    case 2:
      block = aligned_alloc(alignment, bytes);
      break;
    case 3:
      block = memalign(alignment, bytes);
      break;
    case 4:
      block = next(s) % 2 ? valloc(bytes % 9000) : pvalloc(bytes % 9000);
      fold(s, (uintptr_t)block % 4096);
      bytes %= 9000;
      break;
    default:
      block = malloc(bytes);
  }
  take_result(s, slot, block, bytes);
}

static void change(struct Sequence* s, unsigned slot) {
  size_t before = s->bytes[slot];
  size_t bytes = pick_size(s);
  unsigned char* moved;
  check_and_fold(s, slot, before);
  errno = 0;
  if (next(s) % 4 == 0) {
    size_t count = next(s) % 5;
    moved = reallocarray(s->block[slot], count, bytes);
    bytes = __builtin_mul_overflow(count, bytes, &bytes) ? SIZE_MAX : bytes;
  } else {
    moved = realloc(s->block[slot], bytes);
  }
  if (moved == NULL && bytes != 0) { /* the old one stays */
    fold(s, (uint64_t)errno);
    check_and_fold(s, slot, before);
    return;
  }
  s->block[slot] = moved;
  check_and_fold(s, slot, moved == NULL ? 0 : before < bytes ? before : bytes);
  take_result(s, slot, moved, bytes);
}

static void* run(void* sequence) {
  struct Sequence* s = sequence;
  for (long i = 0; i < s->calls; i++) {
    unsigned slot = next(s) % kSlots;
    if (s->block[slot] == NULL) {
      allocate(s, slot);
    } else if (next(s) % 3 == 0) {
      change(s, slot);
    } else {
      check_and_fold(s, slot, s->bytes[slot]);
      errno = 1234;
      free(s->block[slot]);
      fold(s, (uint64_t)errno);
      s->block[slot] = NULL;
    }
  }
  for (unsigned slot = 0; slot < kSlots; slot++) free(s->block[slot]);
  return NULL;
}

int main(int count, char** arguments) {
  static struct Sequence first, second;
  pthread_t thread;
  if (count < 3) return 2;
  first.random = strtoull(arguments[1], NULL, 0) * 2 + 1;
  second.random = first.random + 1000003;
  first.calls = second.calls = atol(arguments[2]);
  first.looks_at_heap = 1;
  first.heap = (uintptr_t)malloc(1) >> 12;
  run(&first);
  pthread_create(&thread, NULL, run, &second);
  pthread_join(thread, NULL);
  printf("%llx %llx\n", (unsigned long long)first.digest,
         (unsigned long long)second.digest);
  return 0;
}

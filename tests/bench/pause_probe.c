/* pause_probe: fills a heap and then either cuts snapshots of itself through
 * the API or, untraced, makes the bare clones that they are compared with.
 *
 *   pause_probe MIB BLOCKS ROUNDS [linked]
 *
 * Blocks are of many sizes, their mean MIB / BLOCKS, from 64 call stacks, and
 * all written to. With `linked` each block of 16 bytes and more points at the
 * start of some earlier block and into another one: nearly two edges a block,
 * and no two near each other. Prints, when there is no tracer, the microseconds
 * that each of ROUNDS clone calls took; the child ends at once and is waited
 * for. */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "heapline/heapline.h"

static uint64_t NextRandom(uint64_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

/* Each bit of `path` chooses one of two calls. */
__attribute__((noinline)) static void* Allocate(int levels, unsigned path,
                                                size_t bytes) {
  void* block;
  if (levels == 0) {
    block = malloc(bytes);
    if (block == NULL) abort();
    memset(block, 1, bytes);
  } else if (path & 1) {
    block = Allocate(levels - 1, path >> 1, bytes);
    __asm__ volatile("" : "+r"(block));
  } else {
    block = Allocate(levels - 1, path >> 1, bytes);
    __asm__ volatile("nop" : "+r"(block));
  }
  return block;
}

static void Link(char** earlier, uint64_t count, size_t bytes,
                 uint64_t* random) {
  if (count == 0 || bytes < 2 * sizeof(char*)) return;
  char** words = (char**)earlier[count];
  words[0] = earlier[NextRandom(random) % count];
  /* The smallest block has 8 bytes. */
  words[1] = earlier[NextRandom(random) % count] + 1 + NextRandom(random) % 7;
}

static void Fill(uint64_t mib, uint64_t blocks, int is_linked) {
  const uint64_t mean = (mib << 20) / blocks;
  uint64_t random = 88172645463325252u;
  uint64_t link_random = 1181783497276652981u;
  char** all = is_linked ? malloc(blocks * sizeof *all) : NULL;
  if (is_linked && all == NULL) abort();
  for (uint64_t i = 0; i < blocks; ++i) {
    const uint64_t word = NextRandom(&random);
    /* malloc's own 8 bytes and rounding belong to the heap's size. */
    const uint64_t most = 2 * mean > 48 ? 2 * mean - 32 : 16;
    const size_t bytes = 8 + word % (most - 7);
    void* block = Allocate(6, word >> 40, bytes);
    if (is_linked) {
      all[i] = block;
      Link(all, i, bytes, &link_random);
    }
  }
  free(all);
}

static uint64_t NowNs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* No exit signal and no shared memory: what a snapshot's child is made by. */
static uint64_t BareCloneNs(void) {
  const uint64_t began = NowNs();
  const long child = syscall(SYS_clone, 0, 0, 0, 0, 0);
  if (child == 0) syscall(SYS_exit_group, 0);
  const uint64_t taken = NowNs() - began;
  if (child < 0 || waitpid((pid_t)child, NULL, __WCLONE) != child) abort();
  return taken;
}

int main(int argc, char** argv) {
  const int is_linked = argc == 5 && strcmp(argv[4], "linked") == 0;
  if (argc != 4 && !is_linked) {
    fprintf(stderr, "usage: %s MIB BLOCKS ROUNDS [linked]\n", argv[0]);
    return 2;
  }
  Fill(strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10), is_linked);
  const int rounds = atoi(argv[3]);
  for (int i = 0; i < rounds; ++i) {
    if (!heapline_is_present()) {
      printf("%llu\n", (unsigned long long)BareCloneNs() / 1000);
    } else if (heapline_snapshot("pause") != 0) {
      return 1;
    }
  }
  return 0;
}

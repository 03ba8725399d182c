/* c_address_limit.c MIB: under RLIMIT_AS of so many MiB it takes a quarter of
 * it in small blocks, gives all back, takes large ones until none is left,
 * gives all back, and can do the first again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { kSmall = 1024, kLarge = 1 << 20 };

static void** blocks;

static size_t take(size_t count, size_t bytes) {
  size_t taken = 0;
  while (taken < count) {
    blocks[taken] = malloc(bytes);
    if (blocks[taken] == NULL) break;
    memset(blocks[taken], 1, 64);
    taken++;
  }
  return taken;
}

static void give_back(size_t count) {
  while (count > 0) free(blocks[--count]);
}

int main(int count, char** arguments) {
  const size_t mib = count > 1 ? (size_t)atoi(arguments[1]) : 256;
  const size_t small = (mib << 20) / 4 / (kSmall + 16);
  struct rlimit limit = {mib << 20, mib << 20};
  setrlimit(RLIMIT_AS, &limit);
  blocks = malloc(small * sizeof *blocks);
  if (blocks == NULL) return 2;
  for (int round = 0; round < 2; round++) {
    size_t taken = take(small, kSmall);
    printf("a quarter: %s\n", taken == small ? "all" : "NOT all");
    give_back(taken);
    taken = take(small, kLarge);
    /* How much is not compared: a tracer's tables are in there too. */
    printf("all that is left: at the end %s, errno %s\n",
           taken < small ? "NULL" : "more", strerror(errno));
    give_back(taken);
  }
  free(blocks);
  return 0;
}

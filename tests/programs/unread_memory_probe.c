/* unread_memory_probe.c: a block's only pointer stands in memory of which
 * children get no copy ("dontfork"), one without contents ("wipeonfork"), or
 * all of it ("copied"); the same, with guard pages at its end that fault
 * although the mapping can be read ("guard"); in a large block of which they
 * get none ("block"); in "gone" it stands nowhere. Tells the bytes of that
 * memory and where the large block is. Status 77: no such pages here. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "heapline/heapline.h"

enum {
  kRegionBytes = 1 << 20,
  kLargeBytes = 64 << 20, /* room for all that the child maps */
  kBlockBytes = 4000,
  kGuardBytes = 32 << 10,
  kGuardInstall = 102 /* MADV_GUARD_INSTALL, Linux 6.13 */
};

static __attribute__((noinline)) void hide(char** place) {
  *place = malloc(kBlockBytes);
  if (*place == NULL) abort();
  memset(*place, 0, kBlockBytes);
}

/* Of what hide() left on the stack. */
static __attribute__((noinline)) void wipe(void) {
  volatile char dead[16 << 10];
  for (size_t i = 0; i < sizeof dead; ++i) dead[i] = 0;
}

/* Whole pages of a block that has a mapping of its own. */
static char** uncopied_part_of(char* block) {
  char* const page = (char*)(((uintptr_t)block + 4095) & ~(uintptr_t)4095);
  if (block == NULL || madvise(page, kLargeBytes, MADV_DONTFORK) != 0) abort();
  return (char**)page;
}

int main(int count, char** words) {
  const char* const how = count == 2 ? words[1] : "";
  char** region = mmap(NULL, kRegionBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (region == MAP_FAILED) return 2;
  if (strcmp(how, "dontfork") == 0 &&
      madvise(region, kRegionBytes, MADV_DONTFORK) != 0) {
    return 2;
  }
  if (strcmp(how, "wipeonfork") == 0 &&
      madvise(region, kRegionBytes, MADV_WIPEONFORK) != 0) {
    return 2;
  }
  static char* block;
  if (strcmp(how, "block") == 0) {
    block = malloc(kLargeBytes + 8192);
    region = uncopied_part_of(block);
  }
  memset(region, 0, kRegionBytes);
  if (strcmp(how, "guard") == 0 &&
      madvise((char*)region + kRegionBytes - kGuardBytes, kGuardBytes,
              kGuardInstall) != 0) {
    return 77;
  }
  hide(region);
  if (strcmp(how, "gone") == 0) *region = NULL;
  wipe();
  if (heapline_snapshot(how) != 0) return 2;
  printf("%d %d %lu\n", kRegionBytes, kLargeBytes, (unsigned long)block);
  return 0;
}

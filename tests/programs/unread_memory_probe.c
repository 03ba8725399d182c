/* unread_memory_probe.c: a block's only pointer stands in memory of which
 * children get no copy ("dontfork"), one without contents ("wipeonfork"), or
 * all of it ("copied"); in "gone" it stands nowhere. Tells the resident bytes
 * of that memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "heapline/heapline.h"

enum { kRegionBytes = 1 << 20, kBlockBytes = 4000 };

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

int main(int count, char** words) {
  const char* const how = count == 2 ? words[1] : "";
  char** const region = mmap(NULL, kRegionBytes, PROT_READ | PROT_WRITE,
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
  memset(region, 0, kRegionBytes);
  hide(region);
  if (strcmp(how, "gone") == 0) *region = NULL;
  wipe();
  if (heapline_snapshot(how) != 0) return 2;
  printf("%d\n", kRegionBytes);
  return 0;
}

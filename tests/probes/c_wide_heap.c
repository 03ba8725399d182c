/* c_wide_heap.c: blocks of 1 GiB that are never touched, until they span 1 TiB
 * of addresses, with small ones between. Frees all but the last 100. */
#include <stdio.h>
#include <stdlib.h>

enum { kBlocks = 1024, kLeft = 100 };

int main(void) {
  static char* large[kBlocks];
  static char* small[kBlocks];
  int taken = 0;
  while (taken < kBlocks && (large[taken] = malloc((size_t)1 << 30)) != NULL) {
    small[taken++] = malloc(4000);
  }
  printf("took %d\n", taken);
  for (int i = 0; i < taken - kLeft; i++) {
    free(large[i]);
    free(small[i]);
  }
  return 0;
}

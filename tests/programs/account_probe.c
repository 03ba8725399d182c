/* account_probe.c: a heap of which half is free between live blocks: 64 MiB in
 * blocks of 1 KiB, every second one freed; told is how many bytes live. Also a
 * second thread's stack and a mapping of the program's own, both touched. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "heapline/heapline.h"

enum { kBlocks = 1 << 16, kBlockBytes = 1024, kMappedBytes = 8 << 20 };

static char* blocks[kBlocks];

static void* Wait(void* descriptors) {
  char stack[256 << 10];
  memset(stack, 1, sizeof stack);
  char byte = stack[1];
  if (write(((int*)descriptors)[1], &byte, 1) != 1) abort();
  return read(((int*)descriptors)[2], &byte, 1) == 1 ? &blocks[byte & 1] : NULL;
}

int main(void) {
  for (int i = 0; i < kBlocks; ++i) {
    blocks[i] = malloc(kBlockBytes);
    memset(blocks[i], 1, kBlockBytes);
  }
  size_t live_bytes = 0;
  for (int i = 0; i < kBlocks; ++i) {
    if (i % 2 == 0) {
      free(blocks[i]);
      blocks[i] = NULL;
    } else {
      live_bytes += kBlockBytes;
    }
  }
  char* const mapped = mmap(NULL, kMappedBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return 1;
  memset(mapped, 1, kMappedBytes);
  int descriptors[4];
  if (pipe(descriptors) != 0 || pipe(descriptors + 2) != 0) return 1;
  pthread_t thread;
  if (pthread_create(&thread, NULL, Wait, descriptors) != 0) return 1;
  char byte;
  if (read(descriptors[0], &byte, 1) != 1) return 1;
  heapline_snapshot("fragmented");
  printf("%zu\n", live_bytes);
  if (write(descriptors[3], &byte, 1) != 1) return 1;
  return pthread_join(thread, NULL);
}

/* table_pages_probe MIB: fills the heap with that many MiB, upwards in one
 * piece, and prints each mapping of its own that wants huge pages, in KiB. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char** argv) {
  const size_t blocks = (argc > 1 ? strtoul(argv[1], NULL, 10) : 0) << 10;
  for (size_t i = 0; i < blocks; ++i) {
    char* const block = malloc(1000);
    if (block == NULL) return 1;
    *block = 1;
  }
  FILE* const file = fopen("/proc/self/smaps", "re");
  if (file == NULL) return 2;
  char line[512];
  unsigned long kib = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    sscanf(line, "Size: %lu", &kib);
    if (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " hg") != NULL) {
      printf("%lu\n", kib);
    }
  }
  return 0;
}

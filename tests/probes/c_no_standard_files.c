/* c_no_standard_files.c: started with descriptors 0, 1 and 2 closed. Allocates
 * for a while, opens three files, which get those numbers, writes to all three,
 * allocates on. Exit status 0: the numbers were free. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void* kept[3000];

static void allocate_for_a_while(int base) {
  for (int i = 0; i < 1000; i++) {
    kept[base + i] = malloc(3000);
    if (i % 50 == 0) usleep(1000);
  }
}

int main(void) {
  allocate_for_a_while(0);
  int in = open("as-0", O_RDWR | O_CREAT, 0600);
  int out = open("as-1", O_RDWR | O_CREAT, 0600);
  int error = open("as-2", O_RDWR | O_CREAT, 0600);
  if (in != 0 || out != 1 || error != 2) return 10 + in;
  if (write(0, "zero\n", 5) != 5) return 2;
  printf("one\n");
  fprintf(stderr, "two\n");
  allocate_for_a_while(1000);
  fprintf(stderr, "two again\n");
  allocate_for_a_while(2000);
  return 0;
}

/* c_file_limits.c: works under RLIMIT_FSIZE of 4096 bytes, with a heap whose
 * snapshot is larger than that, and meets its own limit at the end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void* kept[20000];

int main(void) {
  struct rlimit limit = {4096, 4096};
  static char page[8192];
  setrlimit(RLIMIT_FSIZE, &limit);
  for (int i = 0; i < 20000; i++) {
    kept[i] = malloc((size_t)i % 700 + 1);
    if (i % 500 == 0) usleep(1000);
  }
  signal(SIGXFSZ, SIG_IGN);
  int file = open("own", O_RDWR | O_CREAT, 0600);
  long first = write(file, page, sizeof page);
  long second = write(file, page, sizeof page);
  printf("wrote %ld, then %ld (%s)\n", first, second, strerror(errno));
  signal(SIGXFSZ, SIG_DFL);
  return 3;
}

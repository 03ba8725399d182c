/* c_drops_root.c FOLDER: shuts itself into FOLDER, becomes another user, and
 * works on; with the argument "cwd" it only changes its directory. Prints what
 * it can still see. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "census.h"

int main(int count, char** arguments) {
  static void* kept[3000];
  for (int i = 0; i < 1000; i++) kept[i] = malloc(100);
  if (count > 1 && !strcmp(arguments[1], "cwd")) {
    if (chdir("/") != 0) return 2;
  } else if (count > 1) {
    if (chroot(arguments[1]) != 0 || chdir("/") != 0) return 3;
    if (geteuid() == 0 && (setresgid(65534, 65534, 65534) != 0 ||
                           setresuid(65534, 65534, 65534) != 0)) {
      /* In a user namespace with one user there is nobody else to become. */
      printf("stays what it was\n");
    }
  }
  for (int i = 1000; i < 3000; i++) {
    kept[i] = malloc(100);
    if (i % 200 == 0) usleep(1000);
  }
  printf("sees / writable: %d, /etc: %d\n", access("/", W_OK),
         access("/etc/passwd", R_OK));
  return 5;
}

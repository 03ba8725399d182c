/* b_fork_tree.c: a tree of processes, each told by the blocks it holds: its own
 * of 1000000 + 16 * number bytes and, inherited, those of its ancestors. A node
 * of depth d has kids[d] children; its number is made of those on the way. All
 * of them live at once and end at the same time. Prints every number, with its
 * parent's. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int kids[] = {7, 4, 6, 0}; /* 1 + 7 + 28 + 168 = 204 */
static char* volatile held[4];

static void tell(int number, int parent) {
  char line[64];
  snprintf(line, sizeof line, "%d of %d\n", number, parent);
  (void)!write(1, line, strlen(line)); /* short writes to a pipe are whole */
}

static void live(int depth, int number, int parent, int end) {
  char byte;
  int failed = 0;
  int count = 0;
  held[depth] = malloc(1000000 + 16 * number);
  held[depth][0] = 1;
  tell(number, parent);
  for (int i = 0; i < kids[depth]; i++) {
    pid_t child = fork();
    if (child < 0) failed = 1;
    if (child == 0) {
      live(depth + 1, number * 10 + i + 1, number, end);
      return;
    }
    count++;
  }
  (void)!read(end, &byte, 1); /* until all are there */
  for (int i = 0; i < count; i++) {
    int status;
    if (wait(&status) < 0 || status != 0) failed = 1;
  }
  if (depth != 0) exit(failed);
  printf("%s\n", failed ? "failed" : "all ended well");
}

int main(void) {
  int end[2];
  if (pipe(end) != 0) return 1;
  if (fork() == 0) { /* closes the pipe's last writing end after a while */
    usleep(300000);
    _exit(0);
  }
  close(end[1]);
  live(0, 0, -1, end[0]);
  wait(NULL);
  return 0;
}

/* b_execs.c: exec while snapshots are cut: a stop that is pending at exec must
 * not kill the new image, which has no handler for it yet. The argument says
 * how many; they are called from the main thread and from another in turn, into
 * an image that is traced and into one that is not. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sys/wait.h>

#include "census.h"
#include "heapline/heapline.h"

static char* self;
static int number;

static void* cut(void* unused) {
  for (;;) heapline_snapshot("beside exec");
  return unused;
}

static void* execute(void* unused) {
  char* traced[] = {self, NULL};
  char* plain[] = {"true", NULL};
  char* none[] = {NULL};
  for (volatile int i = 0; i < number * 977 % 40000; i = i + 1) {
  }
  if (number % 3 == 0) {
    execve("/bin/true", plain, none);
  } else if (number % 3 == 1) {
    execv("/nowhere/none", traced);
    execv(self, traced);
  } else {
    execlp("true", "true", (char*)NULL);
  }
  _exit(9);
  return unused;
}

int main(int count, char** arguments) {
  int rounds = count > 1 ? atoi(arguments[1]) : 0;
  int ended_well = 0;
  self = arguments[0];
  if (rounds == 0) return 0;
  for (number = 0; number < rounds; number++) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
      pthread_t threads[3];
      pthread_create(&threads[0], NULL, cut, NULL);
      pthread_create(&threads[1], NULL, cut, NULL);
      if (number % 2 == 0) execute(NULL);
      pthread_create(&threads[2], NULL, execute, NULL);
      pause();
    }
    waitpid(child, &status, 0);
    if (status == 0) {
      ended_well++;
    } else {
      printf("%d ended with %x\n", number, status);
    }
  }
  printf("%d ended well\n", ended_well);
  return 0;
}

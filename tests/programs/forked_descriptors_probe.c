/* forked_descriptors_probe.c: one thread asks for snapshots without pause, the
 * main one forks. Prints how many children found a descriptor that no one here
 * ever opened. */
#include <fcntl.h>
#include <heapline/heapline.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_int stop;

static void* ask(void* argument) {
  while (!atomic_load(&stop)) heapline_snapshot("again");
  return argument;
}

int main(int count, char** arguments) {
  int children = count > 1 ? atoi(arguments[1]) : 100;
  int strange = 0;
  pthread_t thread;
  pthread_create(&thread, 0, ask, 0);
  for (int i = 0; i < children; ++i) {
    pid_t pid = fork();
    if (pid == 0) {
      for (int fd = 3; fd < 64; ++fd)
        if (fcntl(fd, F_GETFD) >= 0) _exit(1);
      _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    strange += status != 0;
  }
  atomic_store(&stop, 1);
  pthread_join(thread, 0);
  printf("%d strange\n", strange);
  return 0;
}

/* c_pid_reuse.c COUNT PROGRAM: runs PROGRAM so often, each time under the same
 * process id (100), in a pid namespace of its own. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char** arguments) {
  if (count < 3) return 2;
  for (int i = 0; i < atoi(arguments[1]); i++) {
    int last = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    if (last < 0 || write(last, "99", 2) != 2) return 77;
    close(last);
    pid_t child = fork();
    if (child == 0) {
      execv(arguments[2], arguments + 2);
      _exit(98);
    }
    int status;
    if (child != 100 || waitpid(child, &status, 0) != child) return 77;
    printf("run %d: process %d, status %d\n", i, (int)child, status);
  }
  return 0;
}

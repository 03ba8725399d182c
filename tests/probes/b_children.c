/* b_children.c: children that share the memory of their parent until they call
 * exec or _exit, beside threads that allocate. The first argument says how many
 * of each. */
#define _GNU_SOURCE
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>

#include "busy_threads.h"
#include "census.h"

static int wrong;

static int status_of(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

static void vfork_and_exec(void) {
  pid_t child = vfork();
  if (child == 0) {
    execl("/bin/true", "true", (char*)NULL);
    _exit(9);
  }
  if (status_of(child) != 0) wrong++;
}

static void vfork_and_fail_to_exec(void) {
  pid_t child = vfork();
  if (child == 0) {
    execl("/nowhere/none", "none", (char*)NULL);
    _exit(errno == ENOENT ? 6 : 9);
  }
  if (status_of(child) != 6) wrong++;
}

static void vfork_and_end(int how) {
  pid_t child = vfork();
  if (child == 0) {
    if (how % 2 == 0) _exit(5);
    _Exit(5);
  }
  if (status_of(child) != 5) wrong++;
}

static void spawn(void) {
  char* arguments[] = {"sh", "-c", "exit 4", NULL};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  pid_t child;
  sigemptyset(&none);
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 5, "/dev/null", O_RDONLY, 0);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setsigmask(&attributes, &none);
  if (posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments,
                  environ) != 0 ||
      status_of(child) != 4) {
    wrong++;
  }
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (posix_spawnp(&child, "heapline-no-such-program", NULL, NULL, arguments,
                   environ) != ENOENT) {
    wrong++;
  }
}

static void ask_a_shell(void) {
  char line[16] = "";
  FILE* output = popen("echo 3", "r");
  if (output == NULL || fgets(line, sizeof line, output) == NULL ||
      line[0] != '3' || pclose(output) != 0) {
    wrong++;
  }
  if (system("exit 2") != 2 << 8) wrong++;
}

int main(int count, char** arguments) {
  int rounds = count > 1 ? atoi(arguments[1]) : 1;
  start_busy_threads(4);
  char* volatile kept = malloc(777777);
  for (int i = 0; i < rounds; i++) {
    vfork_and_exec();
    vfork_and_fail_to_exec();
    vfork_and_end(i);
    spawn();
    if (i % 8 == 0) ask_a_shell();
  }
  stop_busy_threads();
  kept[0] = 1;
  printf("%d wrong\n", wrong);
  census("at the end");
  return 0;
}

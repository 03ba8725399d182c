/* process_life_probe.c: one way of living or ending a process a word; the
 * first argument names it. Every process that is to be recognised in its
 * snapshot holds exactly one block of 4000 + n bytes. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

static void* volatile kept[64];

static void hold(int index, size_t bytes) { kept[index] = malloc(bytes); }

static int exit_status_of(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

static void at_exit_hold(void) { hold(1, 5000); }

/* Threads that allocate without end. */
static volatile int threads_go_on = 1;
static void* allocate_for_ever(void* unused) {
  (void)unused;
  void* ring[64] = {0};
  for (unsigned i = 0; threads_go_on; ++i) {
    free(ring[i % 64]);
    ring[i % 64] = malloc(16 + i % 1000);
    if (i % 7 == 0) ring[i % 64] = realloc(ring[i % 64], 16 + i % 3000);
  }
  for (int i = 0; i < 64; ++i) free(ring[i]);
  return NULL;
}
static pthread_t allocators[4];
static void start_allocators(void) {
  for (int i = 0; i < 4; ++i)
    pthread_create(&allocators[i], NULL, allocate_for_ever, NULL);
}
static void stop_allocators(void) {
  threads_go_on = 0;
  for (int i = 0; i < 4; ++i) pthread_join(allocators[i], NULL);
}

static int fork_rounds(int rounds) {
  start_allocators();
  for (int i = 0; i < rounds; ++i) {
    pid_t child = fork();
    if (child == 0) {
      free(malloc(100));
      if (i % 2) _exit(7);
      exit(7);
    }
    if (exit_status_of(child) != 7) return 1;
  }
  stop_allocators();
  return 0;
}

static int visit(struct dl_phdr_info* info, size_t size, void* data) {
  (void)info;
  (void)size;
  (void)data;
  free(malloc(50));
  return 0;
}
static void* iterate_for_ever(void* unused) {
  (void)unused;
  while (threads_go_on) dl_iterate_phdr(visit, NULL);
  return NULL;
}
static int dlopen_rounds(int rounds, const char* library) {
  pthread_t iterator;
  start_allocators();
  pthread_create(&iterator, NULL, iterate_for_ever, NULL);
  for (int i = 0; i < rounds; ++i) {
    void* handle = dlopen(library, RTLD_NOW);
    if (!handle) return 1;
    void* (*make)(void) = (void* (*)(void))dlsym(handle, "library_block");
    if (!make) return 2;
    free(make());
    if (dlclose(handle) != 0) return 3;
  }
  stop_allocators();
  pthread_join(iterator, NULL);
  return 0;
}

/* exec of itself, `count` times in one process. */
static int exec_chain(char* self, int count) {
  char number[16];
  if (count == 0) {
    hold(0, 4000);
    return 0;
  }
  snprintf(number, sizeof number, "%d", count - 1);
  switch (count % 6) {
    case 0:
      execl(self, self, "exec_chain", number, (char*)NULL);
      break;
    case 1:
      execlp(self, self, "exec_chain", number, (char*)NULL);
      break;
    case 2:
      execle(self, self, "exec_chain", number, (char*)NULL, environ);
      break;
    default: {
      char* arguments[] = {self, "exec_chain", number, NULL};
      if (count % 6 == 3) execv(self, arguments);
      if (count % 6 == 4) execvpe(self, arguments, environ);
      execve(self, arguments, environ);
    }
  }
  return 1;
}

static int exec_rounds(int rounds) {
  start_allocators();
  for (int i = 0; i < rounds; ++i) {
    pid_t child = fork();
    if (child == 0) {
      execl("/bin/true", "true", (char*)NULL);
      _exit(9);
    }
    if (exit_status_of(child) != 0) return 1;
  }
  stop_allocators();
  return 0;
}

static int vfork_children(int rounds) {
  start_allocators();
  for (int i = 0; i < rounds; ++i) {
    pid_t child = vfork();
    if (child == 0) {
      if (i % 2) _exit(5);
      execl("/bin/true", "true", (char*)NULL);
      _exit(9);
    }
    if (exit_status_of(child) != (i % 2 ? 5 : 0)) return 1;
    char* arguments[] = {"true", NULL};
    if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ))
      return 2;
    if (exit_status_of(child) != 0) return 3;
  }
  stop_allocators();
  hold(0, 4000);
  return 0;
}

static int failed_execs(void) {
  char* arguments[] = {"none", NULL};
  if (execv("/nowhere/none", arguments) != -1 || errno != ENOENT) return 1;
  if (execvp("heapline-no-such-program", arguments) != -1) return 2;
  if (syscall(SYS_execve, "/nowhere/none", arguments, environ) != -1) return 3;
  if (errno != ENOENT) return 4;
  sigset_t mask;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  for (int i = 1; i < 32; ++i)
    if (sigismember(&mask, i)) return 5;
  hold(0, 4000);
  raise(SIGUSR2); /* the trigger still works */
  return 0;
}

static int report_of_child_signals(void) {
  return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 1;
}

int main(int count, char** arguments) {
  const char* way = count > 1 ? arguments[1] : "return";
  if (!strcmp(way, "exec_chain"))
    return exec_chain(arguments[0], atoi(arguments[2]));
  hold(0, 4000);
  if (!strcmp(way, "return")) return 3;
  if (!strcmp(way, "exit")) exit(3);
  if (!strcmp(way, "quick_exit")) quick_exit(3);
  if (!strcmp(way, "_exit")) _exit(3);
  if (!strcmp(way, "_Exit")) _Exit(3);
  if (!strcmp(way, "syscall")) syscall(SYS_exit_group, 3);
  if (!strcmp(way, "at_exit")) {
    atexit(at_exit_hold);
    return 3;
  }
  if (!strcmp(way, "pthread_exit")) {
    hold(1, 4001);
    pthread_exit(NULL);
  }
  if (!strcmp(way, "exit_beside_threads")) {
    start_allocators();
    usleep(20000);
    exit(3);
  }
  if (!strcmp(way, "fork")) {
    pid_t child = fork();
    if (child == 0) {
      hold(1, 4001);
      _exit(4);
    }
    if (exit_status_of(child) != 4) return 1;
    return 3;
  }
  if (!strcmp(way, "raw_clone")) {
    pid_t child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
    if (child == 0) {
      hold(1, 4001);
      _exit(4);
    }
    return exit_status_of(child) == 4 ? 3 : 1;
  }
  if (!strcmp(way, "fork_rounds")) return fork_rounds(atoi(arguments[2]));
  if (!strcmp(way, "dlopen_rounds"))
    return dlopen_rounds(atoi(arguments[2]), arguments[3]);
  if (!strcmp(way, "exec_rounds")) return exec_rounds(atoi(arguments[2]));
  if (!strcmp(way, "vfork_children")) return vfork_children(atoi(arguments[2]));
  if (!strcmp(way, "failed_execs")) return failed_execs();
  if (!strcmp(way, "no_children")) return report_of_child_signals();
  return 99;
}

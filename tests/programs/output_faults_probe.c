/* output_faults_probe.c: programs whose surroundings leave no room for a
 * snapshot; the first argument names the case. It must run as without us. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void* volatile kept;

/* Answers `error` to clone (and nothing to clone3 but ENOSYS), from the next
 * image on. */
static int refuse_clone(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return 1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

/* Allows what a program needs that only allocates and ends. */
static int allow_little(int by_syscall) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#define ALLOW(number)                                          \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##number, 0, 1),     \
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
      ALLOW(mmap), ALLOW(munmap), ALLOW(brk), ALLOW(futex), ALLOW(write),
      ALLOW(exit_group), ALLOW(mprotect), ALLOW(mremap), ALLOW(madvise),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return 1;
  if (by_syscall)
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static void allocate_much(void) {
  for (int i = 0; i < 200000; ++i) {
    free(kept);
    kept = malloc(i % 100000 + 1);
  }
}

int main(int count, char** arguments) {
  const char* which = count > 1 ? arguments[1] : "";
  kept = malloc(4000);
  if (!strcmp(which, "plain")) {
    puts("still here");
    return 3;
  }
  if (!strcmp(which, "many_blocks")) {
    for (int i = 0; i < 20000; ++i) kept = malloc(100);
    return 3;
  }
  if (!strcmp(which, "exec_without_clone")) { /* the rest is the command */
    if (refuse_clone()) return 98;
    execv(arguments[2], arguments + 2);
    return 97;
  }
  if (!strcmp(which, "seccomp_prctl") || !strcmp(which, "seccomp_syscall")) {
    if (allow_little(!strcmp(which, "seccomp_syscall"))) return 98;
    allocate_much();
    if (write(1, "still here\n", 11) != 11) return 96;
    return 3;
  }
  if (!strcmp(which, "closed_stdio")) {
    close(0);
    close(1);
    close(2);
    int first = open("first", O_RDWR | O_CREAT | O_TRUNC, 0600);
    int second = open("second", O_RDWR | O_CREAT | O_TRUNC, 0600);
    return first == 0 && second == 1 && write(first, "1", 1) == 1 ? 3 : 95;
  }
  if (!strcmp(which, "first_descriptor")) {
    int first = open("/dev/null", O_RDONLY);
    for (int i = 3; i < 1024; ++i) close(i);
    return first == 3 && open("/dev/null", O_RDONLY) == 3 ? 3 : 94;
  }
  if (!strcmp(which, "few_descriptors") || !strcmp(which, "no_descriptors")) {
    rlim_t most = !strcmp(which, "no_descriptors") ? 1 : 4;
    struct rlimit limit = {most, most};
    if (setrlimit(RLIMIT_NOFILE, &limit)) return 93;
    return 3;
  }
  if (!strcmp(which, "file_size")) {
    struct rlimit limit = {1024, 1024};
    if (setrlimit(RLIMIT_FSIZE, &limit)) return 92;
    for (int i = 0; i < 1000; ++i) kept = malloc(100);
    return 3;
  }
  if (!strcmp(which, "chdir")) {
    if (chdir("/")) return 91;
    return 3;
  }
  if (!strcmp(which, "umask")) {
    umask(0777);
    return 3;
  }
  return 99;
}

/* c_seccomp.c WAY: forbids itself, under pain of death, every system call but
 * what malloc and write need, then allocates in threads and leaves. WAY is how
 * the filter is set: "prctl" or "syscall" (on all threads at once); "wait" is
 * as the first, but stays until a byte comes. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int allowed[] = {
    SYS_read,         SYS_write,      SYS_mmap,      SYS_munmap, SYS_mremap,
    SYS_brk,          SYS_madvise,    SYS_mprotect,  SYS_futex,  SYS_exit,
    SYS_rt_sigreturn, SYS_exit_group, SYS_newfstatat};

static int set_filter(const char* way) {
  enum { kCalls = sizeof allowed / sizeof *allowed };
  struct sock_filter program[kCalls + 3];
  struct sock_fprog filter = {kCalls + 3, program};
  program[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                            offsetof(struct seccomp_data, nr));
  for (int i = 0; i < kCalls; i++) {
    program[1 + i] = (struct sock_filter)BPF_JUMP(
        BPF_JMP | BPF_JEQ | BPF_K, allowed[i], (__u8)(kCalls - i), 0);
  }
  program[kCalls + 1] =
      (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  program[kCalls + 2] =
      (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 0;
  if (!strcmp(way, "syscall")) {
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                   SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0;
  }
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static volatile int is_set;

static void* allocate(void* result) {
  void* held[512] = {NULL};
  while (!is_set) free(malloc(100));
  for (unsigned i = 0; i < 200000; i++) {
    free(held[i % 512]);
    held[i % 512] = malloc(i % 64 == 0 ? 300000 : i % 3000 + 1);
    if (held[i % 512] == NULL) return NULL;
  }
  for (int i = 0; i < 512; i++) free(held[i]);
  return result;
}

int main(int count, char** arguments) {
  pthread_t thread;
  char byte;
  const char* way = count > 1 ? arguments[1] : "prctl";
  int is_for_all = !strcmp(way, "syscall");
  if (is_for_all) pthread_create(&thread, NULL, allocate, &byte);
  void* kept = malloc(4000);
  if (!set_filter(way)) return 2;
  is_set = 1;
  void* result = allocate(&byte);
  if (is_for_all) pthread_join(thread, &result);
  if (write(1, result ? "allocated\n" : "no memory\n", 10) != 10) return 3;
  if (!strcmp(way, "wait")) (void)!read(0, &byte, 1);
  free(kept);
  return 7;
}

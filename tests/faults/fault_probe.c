/* fault_probe.c: two threads that allocate, three snapshots (asked for by the
 * API, by a signal, at exit), a forked child and another image. It prints all
 * that it can see of itself: with any fault in the tracer, the same lines. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <heapline/heapline.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

enum { kRing = 64, kBlocks = 400, kSteps = 400 };

static void* kept[kBlocks];
static void* volatile ring[kRing];
static volatile sig_atomic_t handled;
static atomic_int stop, steps;

static void handle(int number) {
  (void)number;
  ++handled;
}

/* Allocates until told to stop; a sum that never changes shows that no block
 * was lost or given twice. */
static void* allocate_on(void* argument) {
  unsigned state = 1;
  for (int i = 0; !atomic_load(&stop) || i < kSteps; ++i) {
    state = state * 1103515245u + 12345u;
    int at = i % kRing;
    free(ring[at]);
    size_t bytes = 16 + (state >> 16) % 2000;
    char* block = malloc(bytes);
    if (!block) return (void*)"no memory";
    memset(block, at, bytes);
    ring[at] = block;
    int other = (at + 1) % kRing;
    if (ring[other] && *(char*)ring[other] != (char)other) return (void*)"mix";
    atomic_store(&steps, i);
    if (i % 64 == 0) usleep(500);
  }
  return argument;
}

/* Those that are there each time: near_limit looks at files in between. */
static void print_descriptors(void) {
  enum { kLooks = 3, kMost = 1024 };
  static char looks[kMost];
  memset(looks, 0, sizeof looks);
  for (int i = 0; i < kLooks; ++i) {
    DIR* folder = opendir("/proc/self/fd");
    for (struct dirent* entry; (entry = readdir(folder));) {
      int number = atoi(entry->d_name);
      if (entry->d_name[0] != '.' && number != dirfd(folder) && number < kMost)
        ++looks[number];
    }
    closedir(folder);
    if (i + 1 < kLooks) usleep(700);
  }
  printf(" descriptors");
  for (int i = 0; i < kMost; ++i) {
    if (looks[i] == kLooks) printf(" %d", i);
  }
}

static void print_status(const char* key) {
  char line[512];
  FILE* file = fopen("/proc/self/status", "re");
  while (fgets(line, sizeof line, file)) {
    if (!strncmp(line, key, strlen(key))) {
      line[strcspn(line, "\n")] = 0;
      printf(" %s", line);
    }
  }
  fclose(file);
}

/* One line: descriptors, threads, mask, what the program set for each signal,
 * environment. The reserved signal's own disposition is not looked at. */
static void report(const char* where) {
  printf("%s:", where);
  print_descriptors();
  print_status("Threads:");
  print_status("SigBlk:");
  printf(" set");
  for (int number = 1; number < 65; ++number) {
    struct sigaction action;
    if (number == SIGRTMAX - 2 || sigaction(number, 0, &action)) continue;
    if (action.sa_handler != SIG_DFL) printf(" %d", number);
  }
  unsigned hash = 5381;
  for (char** entry = environ; *entry; ++entry) {
    if (!strncmp(*entry, "LD_PRELOAD=", 11) ||
        !strncmp(*entry, "HEAPLINE_", 9))
      continue;
    for (char* byte = *entry; *byte; ++byte) hash = hash * 33 + (unsigned)*byte;
  }
  printf(" environment %x", hash);
  errno = 77;
  void* block = realloc(malloc(100), 300);
  free(block);
  printf(" errno %d\n", errno);
  fflush(stdout);
}

static int status_of(pid_t pid) {
  int status = -1;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return status;
}

static void allocate_blocks(void) {
  for (int i = 0; i < kBlocks; ++i) kept[i] = malloc(16 + i % 500);
}

int main(int count, char** arguments) {
  if (count > 1) { /* the other image */
    allocate_blocks();
    report(arguments[1]);
    return 4;
  }
  struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
  sigaction(SIGUSR2, &action, 0);
  pthread_t thread;
  pthread_create(&thread, 0, allocate_on, "done");
  allocate_blocks();
  while (atomic_load(&steps) < kRing * 4) usleep(500);
  report("start");
  heapline_snapshot("api");
  report("api");
  raise(SIGUSR2);
  printf("handled %d\n", (int)handled);
  report("signal");
  pid_t pid = fork();
  if (pid == 0) {
    allocate_blocks();
    report("child");
    exit(5);
  }
  printf("child %x\n", status_of(pid));
  fflush(stdout);
  pid = fork();
  if (pid == 0) {
    execl("/proc/self/exe", arguments[0], "image", (char*)0);
    _exit(98);
  }
  printf("image %x\n", status_of(pid));
  printf("another child %d", waitpid(-1, 0, 0));
  printf(" errno %d\n", errno);
  atomic_store(&stop, 1);
  void* said;
  pthread_join(thread, &said);
  printf("thread %s\n", (char*)said);
  report("end");
  return 3;
}

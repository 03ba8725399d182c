/* trigger_probe.c: does what its arguments say, one after the other, so that a
 * test can bring a traced process into the state that it wants to look at. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kBlockBytes = 64 << 10, kMostBlocks = 1 << 14 };
static char* blocks[kMostBlocks];
static int block_count;
static volatile sig_atomic_t handled;

static void say(const char* text) {
  puts(text);
  fflush(stdout);
}

static void count_signal(int number) {
  (void)number;
  ++handled;
}

static void allocate(int mebibytes, int pause_us, int touched_bytes) {
  for (int i = 0; i < mebibytes * 16 && block_count < kMostBlocks; ++i) {
    blocks[block_count] = malloc(kBlockBytes);
    memset(blocks[block_count++], 1, touched_bytes);
    if (pause_us != 0) usleep(pause_us);
  }
}

static void release(int mebibytes) {
  for (int i = 0; i < mebibytes * 16 && block_count > 0; ++i) {
    free(blocks[--block_count]);
  }
}

static int reserved_signal(void) { return SIGRTMAX - 2; }

/* Whether the kernel has the reserved signal in this thread's mask. */
static int reserved_is_blocked(void) {
  unsigned long mask = 0;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
  return (int)(mask >> (reserved_signal() - 1) & 1);
}

static void show_disposition(int number) {
  struct sigaction action;
  sigaction(number, NULL, &action);
  say(action.sa_handler == SIG_DFL          ? "default"
      : action.sa_handler == SIG_IGN        ? "ignored"
      : action.sa_handler == count_signal   ? "own handler"
                                            : "foreign handler");
}

static void* fault(void* unused) {
  (void)unused;
  *(volatile int*)8 = 1;
  return NULL;
}

/* Every wait and every mask the program can name, with all signals in it. */
static void use_full_sets(void) {
  sigset_t all;
  sigfillset(&all);
  int failures = 0;
  sigprocmask(SIG_SETMASK, &all, NULL);
  failures += reserved_is_blocked();
  pthread_sigmask(SIG_BLOCK, &all, NULL);
  failures += reserved_is_blocked();
  /* None of these may take the reserved signal away. */
  raise(SIGUSR1);
  int number = 0;
  failures += sigwait(&all, &number) != 0 || number != SIGUSR1;
  const struct timespec at_once = {0, 1000000};
  failures += sigtimedwait(&all, NULL, &at_once) != -1 || errno != EAGAIN;
  failures += ppoll(NULL, 0, &at_once, &all) != 0;
  say(failures == 0 ? "kept out" : "taken");
}

static int number_after(const char* text) {
  const char* colon = strchr(text, ':');
  return colon == NULL ? 0 : atoi(colon + 1);
}

static int is(const char* word, const char* what) {
  return strncmp(word, what, strlen(what)) == 0;
}

static void act(const char* word, char** rest) {
  const int number = number_after(word);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  if (is(word, "alloc:")) {
    allocate(number, 0, 64);
  } else if (is(word, "slowly:")) {
    allocate(number, 500, 64);
  } else if (is(word, "touch:")) {
    allocate(number, 500, kBlockBytes);
  } else if (is(word, "free:")) {
    release(number);
  } else if (is(word, "ready")) {
    say("ready");
  } else if (is(word, "line")) {
    char line[64];
    if (fgets(line, sizeof line, stdin) == NULL) return;
  } else if (is(word, "sleep:")) {
    /* One call: a signal that cuts it short is an error. */
    if (usleep((unsigned)number * 1000) != 0) say(strerror(errno));
  } else if (is(word, "busy:")) {
    const time_t end = time(NULL) + number;
    while (time(NULL) < end) free(malloc(64));
  } else if (is(word, "handle:")) {
    action.sa_handler = count_signal;
    sigaction(number, &action, NULL);
  } else if (is(word, "once:")) {
    action.sa_handler = count_signal;
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(number, &action, NULL);
  } else if (is(word, "signal:")) {
    signal(number, count_signal);
  } else if (is(word, "ignore:")) {
    signal(number, SIG_IGN);
  } else if (is(word, "default:")) {
    signal(number, SIG_DFL);
  } else if (is(word, "show:")) {
    show_disposition(number);
  } else if (is(word, "handled")) {
    printf("handled %d\n", (int)handled);
    fflush(stdout);
  } else if (is(word, "raise:")) {
    raise(number);
  } else if (is(word, "claim")) {
    signal(reserved_signal(), count_signal);
  } else if (is(word, "show-reserved")) {
    show_disposition(reserved_signal());
  } else if (is(word, "full-sets")) {
    use_full_sets();
  } else if (is(word, "block-all")) {
    unsigned long all = ~0ul;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
  } else if (is(word, "abort")) {
    abort();
  } else if (is(word, "fault")) {
    fault(NULL);
  } else if (is(word, "thread-fault")) {
    pthread_t thread;
    pthread_create(&thread, NULL, fault, NULL);
    pthread_join(thread, NULL);
  } else if (is(word, "divide")) {
    volatile int zero = 0;
    volatile int result = 1000 / zero;
    (void)result;
  } else if (is(word, "fork-wait")) {
    const pid_t child = fork();
    if (child == 0) return;
    printf("child %d\n", (int)child);
    fflush(stdout);
    int status;
    waitpid(child, &status, 0);
    exit(0);
  } else if (is(word, "vfork-default:")) {
    if (vfork() == 0) {
      signal(number, SIG_DFL);
      _exit(0);
    }
  } else if (is(word, "exec")) {
    execv(rest[0], rest);
    exit(8);
  } else if (is(word, "no-core")) {
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
  } else {
    fprintf(stderr, "trigger_probe: what is %s?\n", word);
    exit(2);
  }
}

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) act(argv[i], argv + i + 1);
  return 0;
}

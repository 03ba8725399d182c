/* b_blocking.c: calls that wait, each in a thread of its own, while snapshots
 * are cut. None may come back before what it waits for, or say EINTR unless the
 * program's own signal interrupted it. The first argument says what happens:
 *
 *   wait         each waits until the end; none may return before it
 *   timeouts     each waits 150 ms; it must not return earlier, nor only when
 *                the snapshots have ended
 *   own-signals  each is interrupted by a handler without SA_RESTART
 *
 * The second says how many snapshots are cut, 10 ms apart. Prints a line a
 * call, the same in any run in which nobody notices anything. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "census.h"
#include "heapline/heapline.h"

enum { kTimeoutMs = 150 };
static enum { kWait, kTimeouts, kOwnSignals } way;
static int cuts_go_on = 1;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

/* How long a call is to wait: as good as for ever, or the timeout. */
static int limit_ms(void) { return way == kTimeouts ? kTimeoutMs : 600000; }
static struct timespec limit(void) {
  struct timespec time = {limit_ms() / 1000, limit_ms() % 1000 * 1000000};
  return time;
}
static struct timeval short_limit(void) {
  struct timeval time = {limit_ms() / 1000, limit_ms() % 1000 * 1000};
  return time;
}
static struct timespec deadline(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  time.tv_sec += limit_ms() / 1000;
  time.tv_nsec += limit_ms() % 1000 * 1000000;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

/* Descriptors and objects that are never ready. */
static int never[2], never_socket[2], timed_socket[2], full_pipe[2], listener,
    event_file, timer_file, watch_file, lock_name_held;
static char path[] = "lock-XXXXXX";
static int queue = -1, semaphores = -1;
static mqd_t message_queue = (mqd_t)-1;
static sem_t semaphore;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static unsigned futex_word;
static pid_t sleeper;

static long do_usleep(void) { return usleep(limit_ms() * 1000u); }
static long do_nanosleep(void) {
  struct timespec time = limit(), rest;
  return nanosleep(&time, &rest);
}
static long do_clock_nanosleep(void) {
  struct timespec time = limit();
  errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
  return errno == 0 ? 0 : -1;
}
static long do_clock_nanosleep_until(void) {
  struct timespec time = deadline(CLOCK_MONOTONIC);
  errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
  return errno == 0 ? 0 : -1;
}
static long do_poll(void) {
  struct pollfd file = {never[0], POLLIN, 0};
  return poll(&file, 1, limit_ms());
}
static long do_ppoll(void) {
  struct pollfd file = {never[0], POLLIN, 0};
  struct timespec time = limit();
  return ppoll(&file, 1, &time, NULL);
}
static long do_select(void) {
  fd_set set;
  struct timeval time = short_limit();
  FD_ZERO(&set);
  FD_SET(never[0], &set);
  return select(never[0] + 1, &set, NULL, NULL, &time);
}
static long do_pselect(void) {
  fd_set set;
  sigset_t mask;
  struct timespec time = limit();
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  FD_ZERO(&set);
  FD_SET(never[0], &set);
  return pselect(never[0] + 1, &set, NULL, NULL, &time, &mask);
}
static int epoll_file(void) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {EPOLLIN, {0}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, never[0], &event);
  return epoll;
}
static long do_epoll_wait(void) {
  struct epoll_event event;
  return epoll_wait(epoll_file(), &event, 1, limit_ms());
}
static long do_epoll_pwait(void) {
  struct epoll_event event;
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, NULL, &mask);
  return epoll_pwait(epoll_file(), &event, 1, limit_ms(), &mask);
}
static long do_epoll_pwait2(void) {
  struct epoll_event event;
  struct timespec time = limit();
  return epoll_pwait2(epoll_file(), &event, 1, &time, NULL);
}
static long do_sem_timedwait(void) {
  struct timespec time = deadline(CLOCK_REALTIME);
  return sem_timedwait(&semaphore, &time);
}
static long do_sem_clockwait(void) {
  struct timespec time = deadline(CLOCK_MONOTONIC);
  return sem_clockwait(&semaphore, CLOCK_MONOTONIC, &time);
}
static long do_sem_wait(void) { return sem_wait(&semaphore); }
static long do_sigtimedwait(void) {
  sigset_t set;
  struct timespec time = limit();
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  return sigtimedwait(&set, NULL, &time);
}
static long do_sigwaitinfo(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  return sigwaitinfo(&set, NULL);
}
static long do_pause(void) { return pause(); }
static long do_sigsuspend(void) {
  sigset_t none;
  sigemptyset(&none);
  return sigsuspend(&none);
}
static long do_read(void) {
  char byte;
  return read(never[0], &byte, 1);
}
static long do_write(void) { return write(full_pipe[1], "x", 1); }
static long do_recv(void) {
  char byte;
  return recv(never_socket[0], &byte, 1, 0);
}
static long do_recvmsg(void) {
  char byte;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  return recvmsg(never_socket[0], &message, 0);
}
static long do_timed_recv(void) {
  char byte;
  return recv(timed_socket[0], &byte, 1, 0);
}
static long do_accept(void) { return accept(listener, NULL, NULL); }
static long do_futex(void) {
  struct timespec time = limit();
  return syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 0, &time, NULL, 0);
}
static long do_futex_until(void) {
  struct timespec time = deadline(CLOCK_MONOTONIC);
  return syscall(SYS_futex, &futex_word, FUTEX_WAIT_BITSET_PRIVATE, 0, &time,
                 NULL, FUTEX_BITSET_MATCH_ANY);
}
static long do_condition(void) {
  struct timespec time = deadline(CLOCK_REALTIME);
  pthread_mutex_lock(&mutex);
  errno = pthread_cond_timedwait(&condition, &mutex, &time);
  int saved = errno;
  pthread_mutex_unlock(&mutex);
  errno = saved;
  return saved == 0 ? 0 : -1;
}
static long do_msgrcv(void) {
  struct {
    long type;
    char text[8];
  } message;
  return msgrcv(queue, &message, 8, 0, 0);
}
static long do_semop(void) {
  struct sembuf take = {0, -1, 0};
  return semop(semaphores, &take, 1);
}
static long do_semtimedop(void) {
  struct sembuf take = {0, -1, 0};
  struct timespec time = limit();
  return semtimedop(semaphores, &take, 1, &time);
}
static long do_mq_receive(void) {
  char text[64];
  struct timespec time = deadline(CLOCK_REALTIME);
  return mq_timedreceive(message_queue, text, sizeof text, NULL, &time);
}
static long do_flock(void) {
  int file = open(path, O_RDWR | O_CLOEXEC);
  return flock(file, LOCK_EX);
}
static long do_lock_record(void) {
  int file = open(path, O_RDWR | O_CLOEXEC);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(file, F_OFD_SETLKW, &lock);
}
static long do_waitpid(void) { return waitpid(sleeper, NULL, 0); }
static long do_waitid(void) {
  siginfo_t info;
  return waitid(P_PID, sleeper, &info, WEXITED | WNOWAIT);
}
static long do_eventfd(void) {
  eventfd_t value;
  return eventfd_read(event_file, &value);
}
static long do_timerfd(void) {
  unsigned long value;
  return read(timer_file, &value, sizeof value);
}
static long do_inotify(void) {
  char event[512];
  return read(watch_file, event, sizeof event);
}

typedef struct {
  const char* name;
  long (*call)(void);
  int has_timeout;
  int is_taken_up; /* by libc itself, whatever interrupts it */
  pthread_t thread;
  double waited;
  long result;
  int error;
  int has_returned;
} Call;

#define CALL(name, has_timeout, is_taken_up) \
  { #name, do_##name, has_timeout, is_taken_up, 0, 0, 0, 0, 0 }
static Call calls[] = {
    CALL(usleep, 1, 0),
    CALL(nanosleep, 1, 0),
    CALL(clock_nanosleep, 1, 0),
    CALL(clock_nanosleep_until, 1, 0),
    CALL(poll, 1, 0),
    CALL(ppoll, 1, 0),
    CALL(select, 1, 0),
    CALL(pselect, 1, 0),
    CALL(epoll_wait, 1, 0),
    CALL(epoll_pwait, 1, 0),
    CALL(epoll_pwait2, 1, 0),
    CALL(sem_timedwait, 1, 0),
    CALL(sem_clockwait, 1, 0),
    CALL(sem_wait, 0, 0),
    CALL(sigtimedwait, 1, 0),
    CALL(sigwaitinfo, 0, 0),
    CALL(pause, 0, 0),
    CALL(sigsuspend, 0, 0),
    CALL(read, 0, 0),
    CALL(write, 0, 0),
    CALL(recv, 0, 0),
    CALL(recvmsg, 0, 0),
    CALL(timed_recv, 0, 0),
    CALL(accept, 0, 0),
    CALL(futex, 1, 0),
    CALL(futex_until, 1, 0),
    CALL(condition, 1, 1),
    CALL(msgrcv, 0, 0),
    CALL(semop, 0, 0),
    CALL(semtimedop, 1, 0),
    CALL(mq_receive, 1, 0),
    CALL(flock, 0, 0),
    CALL(lock_record, 0, 0),
    CALL(waitpid, 0, 0),
    CALL(waitid, 0, 0),
    CALL(eventfd, 0, 0),
    CALL(timerfd, 0, 0),
    CALL(inotify, 0, 0),
};
enum { kCalls = sizeof calls / sizeof *calls };

static void* make(void* which) {
  Call* call = which;
  double start = now();
  errno = 0;
  call->result = call->call();
  call->error = errno;
  call->waited = now() - start;
  __atomic_store_n(&call->has_returned, 1, __ATOMIC_RELEASE);
  return NULL;
}

static int is_over(Call* call) {
  return __atomic_load_n(&call->has_returned, __ATOMIC_ACQUIRE);
}

static void handle(int signal) { (void)signal; }

static void prepare(void) {
  char block[65536] = {0};
  struct timeval time = short_limit();
  struct sockaddr_un address = {AF_UNIX, "b_blocking.socket"};
  struct itimerspec far = {{0, 0}, {100000, 0}};
  if (pipe(never) != 0 || pipe(full_pipe) != 0 ||
      socketpair(AF_UNIX, SOCK_STREAM, 0, never_socket) != 0 ||
      socketpair(AF_UNIX, SOCK_STREAM, 0, timed_socket) != 0) {
    exit(2);
  }
  fcntl(full_pipe[1], F_SETFL, O_NONBLOCK);
  while (write(full_pipe[1], block, sizeof block) > 0) {
  }
  while (write(full_pipe[1], block, 1) > 0) {
  }
  fcntl(full_pipe[1], F_SETFL, 0);
  setsockopt(timed_socket[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0 ||
      listen(listener, 1) != 0) {
    exit(2);
  }
  event_file = eventfd(0, 0);
  timer_file = timerfd_create(CLOCK_MONOTONIC, 0);
  timerfd_settime(timer_file, 0, &far, NULL);
  watch_file = inotify_init();
  inotify_add_watch(watch_file, "/", IN_DELETE_SELF);
  lock_name_held = mkstemp(path);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (flock(lock_name_held, LOCK_EX) != 0 ||
      fcntl(lock_name_held, F_OFD_SETLK, &lock) != 0) {
    exit(2);
  }
  queue = msgget(IPC_PRIVATE, 0600);
  semaphores = semget(IPC_PRIVATE, 1, 0600);
  struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 64};
  char name[64];
  snprintf(name, sizeof name, "/heapline-probe-%d", (int)getpid());
  message_queue = mq_open(name, O_RDWR | O_CREAT, 0600, &attributes);
  mq_unlink(name);
  sem_init(&semaphore, 0, 0);
  sleeper = fork();
  if (sleeper == 0) {
    char byte;
    (void)!read(never[0], &byte, 1);
    syscall(SYS_exit_group, 0);
  }
}

/* At least so many; with timeouts until all of them have passed, but for ten
 * times as many at the most. */
static int least_cuts, cut_count;
static void* cut(void* unused) {
  for (; cut_count < least_cuts ||
         (way == kTimeouts && __atomic_load_n(&cuts_go_on, __ATOMIC_ACQUIRE) &&
          cut_count < 10 * least_cuts);
       cut_count++) {
    heapline_snapshot("beside calls that wait");
    usleep(10000);
  }
  return unused;
}

/* A signal until it interrupts: one that comes between two calls does not. */
static void interrupt_all(void) {
  for (int left = kCalls; left > 0; usleep(20000)) {
    left = 0;
    for (int i = 0; i < kCalls; i++) {
      if (is_over(&calls[i]) || calls[i].is_taken_up) continue;
      pthread_kill(calls[i].thread, SIGUSR1);
      left++;
    }
  }
}

static void report(Call* call) {
  const char* what = "waits on";
  if (is_over(call)) {
    int is_interrupted = call->result == -1 && call->error == EINTR;
    int is_timed_out = !is_interrupted;
    what = is_interrupted                             ? "EINTR"
           : !is_timed_out || way != kTimeouts        ? "returned"
           : call->waited < kTimeoutMs * 1e-3 - 0.002 ? "returned early"
                                                      : "timed out";
  }
  printf("%s: %s", call->name, what);
  if (is_over(call)) printf(" (%ld, %d)", call->result, call->error);
  printf("\n");
}

int main(int count, char** arguments) {
  const char* which = count > 2 ? arguments[1] : "";
  pthread_t cutter;
  sigset_t blocked;
  struct sigaction action = {0};
  way = !strcmp(which, "timeouts")      ? kTimeouts
        : !strcmp(which, "own-signals") ? kOwnSignals
                                        : kWait;
  least_cuts = count > 2 ? atoi(arguments[2]) : 0;
  prepare();
  action.sa_handler = handle;
  sigaction(SIGUSR1, &action, NULL);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &blocked, NULL);
  for (int i = 0; i < kCalls; i++) {
    if (way == kTimeouts && !calls[i].has_timeout) continue;
    pthread_create(&calls[i].thread, NULL, make, &calls[i]);
  }
  usleep(50000);
  pthread_create(&cutter, NULL, cut, NULL);
  if (way == kOwnSignals) interrupt_all();
  for (int i = 0; i < kCalls && way == kTimeouts; i++) {
    while (calls[i].has_timeout && !is_over(&calls[i])) usleep(1000);
  }
  __atomic_store_n(&cuts_go_on, 0, __ATOMIC_RELEASE);
  pthread_join(cutter, NULL);
  for (int i = 0; i < kCalls; i++) {
    if (calls[i].thread != 0) report(&calls[i]);
  }
  if (least_cuts != 0 && cut_count == 10 * least_cuts) {
    printf("as long as there are snapshots\n");
  }
  fflush(stdout);
  kill(sleeper, SIGKILL);
  msgctl(queue, IPC_RMID, NULL);
  semctl(semaphores, 0, IPC_RMID);
  unlink(path);
  unlink("b_blocking.socket");
  _exit(0);
}

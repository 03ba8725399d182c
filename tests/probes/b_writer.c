/* b_writer.c: what the child that writes a snapshot could hold or suffer for
 * the program, with a heap that takes a while to write. The first argument
 * names the case, the second says how many blocks. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "census.h"
#include "heapline/heapline.h"

static void** blocks;
static int block_count;
static volatile int written;
static int wrong;

static void expect(int is_so, const char* what) {
  if (is_so) return;
  wrong++;
  printf("not so: %s (errno %d)\n", what, errno);
}

static void fill(void) {
  blocks = malloc(block_count * sizeof *blocks);
  for (int i = 0; i < block_count; i++) blocks[i] = malloc(24 + i % 200);
}

static void* cut(void* unused) {
  for (int i = 0; i < 3; i++) heapline_snapshot("a large heap");
  written = 1;
  return unused;
}

/* A pipe's reader sees its end, a lock is free and a port can be bound again
 * as soon as this process has closed them, while the child still writes. */
static void closes(void) {
  pthread_t thread;
  struct sockaddr_in address = {.sin_family = AF_INET};
  int first_port = 0;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  pthread_create(&thread, NULL, cut, NULL);
  for (int i = 0; i < 150 || !written; i++) {
    int pair[2];
    expect(pipe(pair) == 0, "pipe");
    int lock = open("lock", O_RDWR | O_CREAT, 0600);
    expect(flock(lock, LOCK_EX | LOCK_NB) == 0, "the lock is free");
    struct flock record = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    expect(fcntl(lock, F_OFD_SETLK, &record) == 0, "the record lock is free");
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_port = (in_port_t)first_port;
    expect(bind(listener, (struct sockaddr*)&address, sizeof address) == 0,
           "the port can be bound");
    listen(listener, 1);
    socklen_t size = sizeof address;
    getsockname(listener, (struct sockaddr*)&address, &size);
    first_port = address.sin_port;
    usleep(1000);
    close(listener);
    close(lock);
    close(pair[1]);
    struct pollfd end = {pair[0], POLLIN, 0};
    expect(poll(&end, 1, 0) == 1 && (end.revents & POLLHUP) != 0,
           "the pipe has ended");
    close(pair[0]);
    expect(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD,
           "there is no child");
  }
  pthread_join(thread, NULL);
  unlink("lock");
}

/* Ctrl-C at a terminal goes to the whole group. */
static volatile int interrupts;
static void count_interrupt(int signal) {
  (void)signal;
  interrupts = interrupts + 1;
}
static void interrupted_group(void) {
  pthread_t thread;
  struct sigaction action = {0};
  int sent = 0;
  action.sa_handler = count_interrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  pthread_create(&thread, NULL, cut, NULL);
  for (; sent < 30 || !written; sent++) {
    kill(0, sent % 2 == 0 ? SIGINT : SIGTERM);
    usleep(3000);
  }
  pthread_join(thread, NULL);
  expect(interrupts == sent, "every signal was handled");
}

/* Returns from main while another thread's snapshot is being written. */
static void* cut_once(void* unused) {
  heapline_snapshot("while the process ends");
  return unused;
}
static void end_at_once(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, cut_once, NULL);
  usleep(5000);
}

int main(int count, char** arguments) {
  const char* which = count > 2 ? arguments[1] : "";
  block_count = count > 2 ? atoi(arguments[2]) : 0;
  while (census_numbers("/proc/self/fd", (int[64]){0}, 64) > 3) {
    for (int i = 3; i < 64; i++) close(i); /* of who started us */
  }
  fill();
  if (!strcmp(which, "closes")) closes();
  if (!strcmp(which, "group")) interrupted_group();
  if (!strcmp(which, "end")) end_at_once();
  printf("%d wrong\n", wrong);
  return 0;
}

/* c_endless.c: allocates and frees on two threads until SIGTERM asks it to end;
 * meant to be killed at any instant. Tells when it has begun. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t is_asked_to_end;

static void ask(int number) { is_asked_to_end = number; }

static void* work(void* unused) {
  static __thread void* held[4096];
  for (unsigned i = 0; !is_asked_to_end; i++) {
    free(held[i * 7 % 4096]);
    held[i * 7 % 4096] = malloc(i % 900 + 1);
    if (i % 20000 == 0) usleep(100);
  }
  return unused;
}

int main(void) {
  pthread_t thread;
  signal(SIGTERM, ask);
  pthread_create(&thread, NULL, work, NULL);
  if (write(1, "begun\n", 6) != 6) return 2;
  work(NULL);
  pthread_join(thread, NULL);
  return 0;
}

/* c_clock_library.c: preloaded, it makes every clock of the C library jump: an
 * hour back at each look, in turn with ten years forth. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t jump(time_t seconds) {
  static int looks;
  int look = __atomic_fetch_add(&looks, 1, __ATOMIC_RELAXED);
  return look % 2 ? seconds + 315360000 : seconds - 3600 * (look % 1000);
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  int result = (int)syscall(SYS_clock_gettime, clock, now);
  if (result == 0) now->tv_sec = jump(now->tv_sec);
  return result;
}

int gettimeofday(struct timeval* now, void* zone) {
  int result = (int)syscall(SYS_gettimeofday, now, zone);
  if (result == 0) now->tv_sec = jump(now->tv_sec);
  return result;
}

time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}

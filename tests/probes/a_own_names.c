/* a_own_names.c: a program that has functions under names of the C library's,
 * as bash has getenv and others have a write or a memcpy. Each does its work,
 * but ends the program when it is a tracer that calls it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static long raw(long number, long a, long b, long c, long d) {
  long result;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}

static int is_in(const char* line, const char* part) {
  for (; *line; line++) {
    int i = 0;
    while (part[i] && line[i] == part[i]) i++;
    if (!part[i]) return 1;
  }
  return 0;
}

/* Whether the line "from-to … path" of a memory map is a tracer's code that
 * holds `address`. */
static int is_tracers(const char* line, uintptr_t address) {
  uintptr_t bounds[2] = {0, 0};
  int which = 0;
  if (!is_in(line, "libheap")) return 0;
  for (; *line && *line != ' '; line++) {
    if (*line == '-') {
      which = 1;
    } else {
      bounds[which] =
          bounds[which] * 16 + (*line <= '9' ? *line - '0' : *line - 'a' + 10);
    }
  }
  return address >= bounds[0] && address < bounds[1];
}

static int called_by_tracer(void* caller) {
  static char maps[1 << 16];
  static int is_read;
  long used = 0, got;
  if (!is_read) {
    int file = (int)raw(SYS_openat, AT_FDCWD, (long)"/proc/self/maps", 0, 0);
    while ((got = raw(SYS_read, file, (long)maps + used,
                      (long)sizeof maps - 1 - used, 0)) > 0) {
      used += got;
    }
    raw(SYS_close, file, 0, 0, 0);
    is_read = 1;
  }
  for (char* line = maps; *line;) {
    char* end = line;
    while (*end && *end != '\n') end++;
    char after = *end;
    *end = 0;
    int found = is_tracers(line, (uintptr_t)caller);
    *end = after;
    if (found) return 1;
    line = after ? end + 1 : end;
  }
  return 0;
}

#define NOT_FOR_TRACERS()                                     \
  do {                                                        \
    if (called_by_tracer(__builtin_return_address(0))) {      \
      raw(SYS_write, 2, (long)"called by a tracer\n", 19, 0); \
      raw(SYS_exit_group, 99, 0, 0, 0);                       \
    }                                                         \
  } while (0)

ssize_t write(int file, const void* bytes, size_t count) {
  NOT_FOR_TRACERS();
  return raw(SYS_write, file, (long)bytes, (long)count, 0);
}
ssize_t read(int file, void* bytes, size_t count) {
  NOT_FOR_TRACERS();
  return raw(SYS_read, file, (long)bytes, (long)count, 0);
}
int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  int mode = va_arg(more, int);
  va_end(more);
  NOT_FOR_TRACERS();
  return (int)raw(SYS_openat, AT_FDCWD, (long)path, flags, mode);
}
int close(int file) {
  NOT_FOR_TRACERS();
  return (int)raw(SYS_close, file, 0, 0, 0);
}
int mkdir(const char* path, mode_t mode) {
  NOT_FOR_TRACERS();
  return (int)raw(SYS_mkdir, (long)path, mode, 0, 0);
}
int rename(const char* from, const char* to) {
  NOT_FOR_TRACERS();
  return (int)raw(SYS_rename, (long)from, (long)to, 0, 0);
}
pid_t getpid(void) {
  NOT_FOR_TRACERS();
  return (pid_t)raw(SYS_getpid, 0, 0, 0, 0);
}
int clock_gettime(clockid_t clock, struct timespec* time) {
  NOT_FOR_TRACERS();
  return (int)raw(SYS_clock_gettime, clock, (long)time, 0, 0);
}
int nanosleep(const struct timespec* time, struct timespec* left) {
  NOT_FOR_TRACERS();
  return (int)raw(SYS_nanosleep, (long)time, (long)left, 0, 0);
}
int sched_yield(void) {
  NOT_FOR_TRACERS();
  return (int)raw(SYS_sched_yield, 0, 0, 0, 0);
}
static int is_entry_of(const char* name, const char* entry) {
  while (*name && *name == *entry) name++, entry++;
  return !*name && *entry == '=';
}
char* getenv(const char* name) {
  NOT_FOR_TRACERS();
  for (char** entry = environ; entry && *entry; entry++) {
    if (is_entry_of(name, *entry)) {
      char* value = *entry;
      while (*value != '=') value++;
      return value + 1;
    }
  }
  return NULL;
}
int unsetenv(const char* name) {
  NOT_FOR_TRACERS();
  (void)name;
  return 0;
}
size_t strlen(const char* text) {
  NOT_FOR_TRACERS();
  size_t length = 0;
  while (text[length]) length++;
  return length;
}
void* memcpy(void* out, const void* in, size_t count) {
  NOT_FOR_TRACERS();
  for (size_t i = 0; i < count; i++) ((char*)out)[i] = ((const char*)in)[i];
  return out;
}
void* memset(void* out, int byte, size_t count) {
  NOT_FOR_TRACERS();
  for (size_t i = 0; i < count; i++) ((volatile char*)out)[i] = (char)byte;
  return out;
}
int strcmp(const char* a, const char* b) {
  NOT_FOR_TRACERS();
  while (*a && *a == *b) a++, b++;
  return (unsigned char)*a - (unsigned char)*b;
}

int main(void) {
  for (int i = 1; i < 100; i++) {
    free(malloc((size_t)i * 100));
    void* volatile kept = malloc(50);
    (void)kept;
  }
  write(1, getenv("LANG"), strlen(getenv("LANG")));
  write(1, " done\n", 6);
  return 5;
}

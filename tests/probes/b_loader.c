/* b_loader.c: dlopen and dlclose without end beside threads that walk the list
 * of libraries with a callback that allocates, and threads that allocate. The
 * arguments: rounds, threads that load, a library each. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>

#include "busy_threads.h"
#include "census.h"
#include "heapline/heapline.h"

enum { kMostLoaders = 8 };
static int go_on = 1;
static int rounds;
static int wrong;

static int visit(struct dl_phdr_info* info, size_t size, void* seen) {
  char* copy = malloc(strlen(info->dlpi_name) + size);
  (*(int*)seen)++;
  free(copy);
  return 0;
}

static void* walk(void* unused) {
  while (__atomic_load_n(&go_on, __ATOMIC_RELAXED)) {
    int seen = 0;
    Dl_info info;
    dl_iterate_phdr(visit, &seen);
    if (seen < 3 || dladdr((void*)&walk, &info) == 0) {
      __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
    }
    usleep(100);
  }
  return unused;
}

static void* load(void* library) {
  for (int i = 0; i < rounds; i++) {
    void* handle = dlopen(library, i % 2 == 0 ? RTLD_NOW : RTLD_LAZY);
    int (*work)(int) =
        handle == NULL ? NULL : (int (*)(int))dlsym(handle, "library_work");
    if (work == NULL || work(i) != i + 1) {
      __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
    }
    if (handle != NULL && dlclose(handle) != 0) {
      __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
    }
    if (dlopen("/nowhere/none.so", RTLD_NOW) != NULL || dlerror() == NULL) {
      __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
    }
  }
  return NULL;
}

static void* cut(void* unused) {
  while (__atomic_load_n(&go_on, __ATOMIC_RELAXED)) {
    heapline_snapshot("beside the loader");
    usleep(5000);
  }
  return unused;
}

int main(int count, char** arguments) {
  pthread_t walkers[2], loaders[kMostLoaders], cutter;
  int loading = count > 2 ? atoi(arguments[2]) : 0;
  int cuts = count > 3 && !strcmp(arguments[count - 1], "cut");
  rounds = count > 1 ? atoi(arguments[1]) : 0;
  if (loading > kMostLoaders || count < 3 + loading) return 2;
  start_busy_threads(4);
  for (int i = 0; i < 2; i++) pthread_create(&walkers[i], NULL, walk, NULL);
  if (cuts) pthread_create(&cutter, NULL, cut, NULL);
  for (int i = 0; i < loading; i++) {
    pthread_create(&loaders[i], NULL, load, arguments[3 + i]);
  }
  for (int i = 0; i < loading; i++) pthread_join(loaders[i], NULL);
  __atomic_store_n(&go_on, 0, __ATOMIC_RELAXED);
  for (int i = 0; i < 2; i++) pthread_join(walkers[i], NULL);
  if (cuts) pthread_join(cutter, NULL);
  stop_busy_threads();
  printf("%d wrong\n", wrong);
  census("at the end");
  return 0;
}

/* c_plugins.c ROUNDS FIRST SECOND: loads the two in turn, each at the place
 * that the other has just left, and keeps a block from each round. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static void* kept[1000];

int main(int count, char** arguments) {
  void* place = NULL;
  int moved = 0;
  if (count < 4) return 2;
  for (int i = 0; i < atoi(arguments[1]); i++) {
    Dl_info info;
    void* library = dlopen(arguments[2 + i % 2], RTLD_NOW);
    if (library == NULL) return 3;
    void* (*take)(void) = (void* (*)(void))dlsym(library, "plugin_take");
    kept[i] = take();
    if (dladdr((void*)take, &info) == 0) return 4;
    moved += place != NULL && place != info.dli_fbase;
    place = info.dli_fbase;
    dlclose(library);
  }
  printf("moved %d times\n", moved);
  return 0;
}

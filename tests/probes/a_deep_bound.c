/* a_deep_bound.c LIBRARY: blocks of a library that was loaded with
 * RTLD_DEEPBIND are freed and grown here, and ours there. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char** arguments) {
  void* library =
      dlopen(count > 1 ? arguments[1] : "", RTLD_NOW | RTLD_DEEPBIND);
  if (library == NULL) return 1;
  char* (*deep_take)(int) = (char* (*)(int))dlsym(library, "deep_take");
  void (*deep_free)(char*) = (void (*)(char*))dlsym(library, "deep_free");
  char* (*deep_grow)(char*, int) =
      (char* (*)(char*, int))dlsym(library, "deep_grow");
  for (int i = 1; i < 3000; i++) {
    char* theirs = deep_take(i);
    char* ours = malloc((size_t)i);
    memset(ours, 'o', (size_t)i);
    theirs = realloc(theirs, (size_t)i + 100);
    ours = deep_grow(ours, i + 100);
    if (theirs[i - 1] != 'd' || ours[i - 1] != 'o') return 2;
    free(deep_take(i));
    free(theirs);
    deep_free(ours);
  }
  dlclose(library);
  printf("crossed over\n");
  return 6;
}

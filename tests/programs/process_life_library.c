/* process_life_library.c: loaded and unloaded again and again by
 * process_life_probe.c. */
#include <stdlib.h>

static void* held;
__attribute__((constructor)) static void take(void) { held = malloc(77); }
__attribute__((destructor)) static void give(void) { free(held); }

void* library_block(void) { return malloc(123); }

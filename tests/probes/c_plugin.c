/* c_plugin.c: compiled twice into two libraries for one and the same address,
 * which take a block by functions of different names on different lines. */
#include <stdlib.h>

#ifdef IS_FIRST
void* first_taker(void) { return malloc(5001); /* the line of the first */ }
void* plugin_take(void) { return first_taker(); }
#else
void* plugin_take(void);

void* second_taker(void) { return malloc(5002); /* the line of the second */ }
void* plugin_take(void) { return second_taker(); }
#endif

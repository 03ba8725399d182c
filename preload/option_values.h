// option_values.h: the grammar of option values, one parser a type of
// include/heapline/options.def. A parser takes the whole text or leaves *value
// alone and says false. Pure functions; no allocation.
#ifndef HEAPLINE_PRELOAD_OPTION_VALUES_H_
#define HEAPLINE_PRELOAD_OPTION_VALUES_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/options.h"

namespace heapline {

struct Text {  // not NUL-terminated
  const char* bytes;
  size_t count;
};

bool Is(Text text, const char* word);

bool ParseCount(Text text, uint64_t* value);
// K, KB and KiB alike; powers of 1024.
bool ParseBytes(Text text, uint64_t* value);
// Nanoseconds. A unit is needed, except for 0.
bool ParseDuration(Text text, uint64_t* value);
bool ParseGrowth(Text text, GrowthStep* value);
// 0 is `none`. Refuses signals that cannot be caught, glibc's own, and faults.
bool ParseSignal(Text text, int* value);

// Edits (insert, delete, replace, swap of neighbours) from one word to the
// other, letters of either case alike; large for words over 32 bytes.
size_t EditDistance(Text a, const char* b);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_OPTION_VALUES_H_

// options.h: HEAPLINE_OPTIONS as a struct, one field a row of
// include/heapline/options.def, filled once at start-up and immutable after.
// The parser never allocates and copies texts into the struct.
#ifndef HEAPLINE_PRELOAD_OPTIONS_H_
#define HEAPLINE_PRELOAD_OPTIONS_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

enum class Unwinder : uint8_t { kCfi, kLibunwind };

struct GrowthStep {  // at most one of the two is not 0
  uint64_t bytes;
  uint32_t percent;
};

inline constexpr size_t kOptionTextBytes = 4096;

struct Options {
  using Flag = bool;
  using Count = uint64_t;
  using Bytes = uint64_t;
  using Duration = uint64_t;  // nanoseconds
  using Growth = GrowthStep;
  using Signal = int;  // 0: none
  using Text = char[kOptionTextBytes];
  using Unwinder = ::heapline::Unwinder;
#define HEAPLINE_OPTION(type, name, default_value, help) type name;
#include "heapline/options.def"
};

// Sets every field of *options to its default and then to what `text` says
// ("key=value:key=value", a value with a colon quoted; NULL: defaults). Each
// unknown key or bad value becomes one line through `complain` (a whole line,
// no newline) and leaves that key's default.
void ParseOptions(const char* text, Options* options,
                  void (*complain)(const char* line));

// Prints the table (help=1), one call of `line` a row.
void DescribeOptions(void (*line)(const char* text));

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_OPTIONS_H_

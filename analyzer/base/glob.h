// glob.h: shell-like patterns for filters: * any bytes (slashes too), ? one
// byte, [a-z] or [!a-z] one of a set, \ takes the next byte as it is.
// Thread-safe: no state.
#ifndef HEAPLINE_ANALYZER_BASE_GLOB_H_
#define HEAPLINE_ANALYZER_BASE_GLOB_H_

#include "absl/strings/string_view.h"

namespace heapline {

// True where the whole of `text` matches. O(|pattern| |text|), no recursion.
bool GlobMatches(absl::string_view pattern, absl::string_view text);

// True where `text` contains a character with a meaning in a pattern.
bool IsGlob(absl::string_view text);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_BASE_GLOB_H_

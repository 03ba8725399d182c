// function_name.h: names as linkers know them to names as people read them.
// Never fails: a name that cannot be demangled is returned as it is. Output is
// bounded (kMaxNameBytes) whatever the input. Thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_FUNCTION_NAME_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_FUNCTION_NAME_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace heapline {

// Longer mangled names stay mangled; longer results are cut.
constexpr size_t kMaxNameBytes = 4096;

// C++ (Itanium) and Rust's legacy scheme, whose hash is left out; symbol
// versions (@GLIBC_2.2.5) and the compiler's clone suffixes (.cold, .part.0)
// are taken off, so that a function has one name.
std::string ReadableFunctionName(absl::string_view linkage_name);

// `name` without clone suffixes and symbol version.
absl::string_view WithoutCloneSuffixes(absl::string_view name);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_FUNCTION_NAME_H_

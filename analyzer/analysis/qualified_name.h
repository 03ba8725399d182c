// qualified_name.h: the name in a demangled function: without return type,
// parameters and what follows them. "void std::vector<int>::push_back(int
// const&)" is "std::vector<int>::push_back". A user's function that merely
// takes a std:: parameter so stays a user's. Stateless; thread-safe.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_QUALIFIED_NAME_H_
#define HEAPLINE_ANALYZER_ANALYSIS_QUALIFIED_NAME_H_

#include "absl/strings/string_view.h"

namespace heapline {

// A part of `function`; the whole of it where it has another form (C names,
// "module+0x12", "<truncated>").
absl::string_view QualifiedName(absl::string_view function);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_QUALIFIED_NAME_H_

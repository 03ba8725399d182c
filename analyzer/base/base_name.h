// base_name.h: what a path is called without the folders on the way, and these
// folders. By its text alone, which may be a hostile one. Thread-safe: no
// state.
#ifndef HEAPLINE_ANALYZER_BASE_BASE_NAME_H_
#define HEAPLINE_ANALYZER_BASE_BASE_NAME_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace heapline {

// What follows the last slash, or all of it: "b" of "a/b", "" of "a/". Points
// into `path`.
inline absl::string_view BaseName(absl::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 == 0
}

// What precedes the last slash, "" where there is none: "a" of "a/b", "a" of
// "a/". Points into `path`.
inline absl::string_view DirectoryName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return path.substr(0, slash == absl::string_view::npos ? 0 : slash);
}

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_BASE_BASE_NAME_H_

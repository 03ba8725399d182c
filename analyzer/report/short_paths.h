// short_paths.h: paths as people read them: the shortest tail of whole
// components that tells a path from all others of the same report ("a.cc", or
// "x/a.cc" beside "y/a.cc"). Depends only on the set of paths, so the same
// input gives the same text. Immutable once built; thread-safe.
#ifndef HEAPLINE_ANALYZER_REPORT_SHORT_PATHS_H_
#define HEAPLINE_ANALYZER_REPORT_SHORT_PATHS_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace heapline {

class ShortPaths {
 public:
  // Duplicates and empty paths are allowed.
  explicit ShortPaths(const std::vector<std::string>& paths);

  // A tail of `path`; `path` itself where it was not among the paths.
  absl::string_view Shorten(const std::string& path) const;

 private:
  absl::flat_hash_map<std::string, std::string> short_by_path_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_SHORT_PATHS_H_

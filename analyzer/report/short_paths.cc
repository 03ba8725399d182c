#include "analyzer/report/short_paths.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace heapline {
namespace {

// The last `components` components of `path`, or all of it where it has fewer.
absl::string_view Tail(absl::string_view path, size_t components) {
  size_t begin = path.size();
  for (; components > 0; --components) {
    if (begin == 0) return path;
    const size_t slash = path.rfind('/', begin - 1);
    if (slash == absl::string_view::npos) return path;
    begin = slash;
  }
  return path.substr(begin + 1);
}

}  // namespace

ShortPaths::ShortPaths(const std::vector<std::string>& paths) {
  std::vector<std::string> open = paths;
  std::sort(open.begin(), open.end());
  open.erase(std::unique(open.begin(), open.end()), open.end());
  for (size_t components = 1; !open.empty(); ++components) {
    absl::flat_hash_map<absl::string_view, size_t> uses;
    for (const std::string& path : open) ++uses[Tail(path, components)];
    std::vector<std::string> still_open;
    for (std::string& path : open) {
      const absl::string_view tail = Tail(path, components);
      if (uses[tail] == 1 || tail.size() == path.size()) {
        short_by_path_.emplace(path, std::string(tail));
      } else {
        still_open.push_back(path);
      }
    }
    open = std::move(still_open);
  }
}

absl::string_view ShortPaths::Shorten(const std::string& path) const {
  const auto row = short_by_path_.find(path);
  return row == short_by_path_.end() ? absl::string_view(path) : row->second;
}

}  // namespace heapline

// string_pool.h: each distinct text once, at an address that never moves, so
// that equal names can be told by comparing pointers. Grows only; what it
// hands out lives as long as the pool. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_STRING_POOL_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_STRING_POOL_H_

#include <string>

#include "absl/container/node_hash_set.h"
#include "absl/strings/string_view.h"

namespace heapline {

class StringPool {
 public:
  StringPool() : empty_(Intern("")) {}
  StringPool(const StringPool&) = delete;
  StringPool& operator=(const StringPool&) = delete;

  // Never NULL.
  const std::string* Intern(absl::string_view text) {
    auto found = texts_.find(text);
    if (found != texts_.end()) return &*found;
    return &*texts_.emplace(text.data(), text.size()).first;
  }
  const std::string* Empty() const { return empty_; }

 private:
  absl::node_hash_set<std::string> texts_;
  const std::string* empty_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_STRING_POOL_H_

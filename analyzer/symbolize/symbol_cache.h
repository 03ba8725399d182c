// symbol_cache.h: answers kept between runs, one file a build-id, so that the
// second report need not read debug information again. Only answers from whole
// debug information are kept (the caller sees to it), which a build-id fixes.
//
//   header | addresses u64[] ascending | first frame u32[+1] |
//   frames {function, file, line} u32[3][] | text ends u32[] | text bytes
//
// Invariant: a file is used only if it is ours (owner, mode), of this version
// and build-id, its checksum right and every index in it in range; any other
// is as if it were not there. Written under a temporary name and renamed.
// Failure to write is silent: the cache only saves time. Immutable.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_SYMBOL_CACHE_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_SYMBOL_CACHE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "analyzer/symbolize/answer_table.h"
#include "analyzer/symbolize/string_pool.h"

namespace heapline {

class SymbolCache {
 public:
  static constexpr uint64_t kMaxDirectoryBytes = uint64_t{512} << 20;
  static constexpr uint64_t kMaxFileBytes = uint64_t{64} << 20;

  // "" for $XDG_CACHE_HOME/heapline or ~/.cache/heapline; when there is
  // neither, nothing is kept.
  explicit SymbolCache(std::string directory,
                       uint64_t max_directory_bytes = kMaxDirectoryBytes);

  // Adds what is kept for the build to `answers`; true if there was a file.
  bool Load(absl::string_view build_id, StringPool* texts,
            AnswerTable* answers) const;

  // Replaces the build's file by all of `answers`, then removes the files
  // unused for longest until the directory is within its bound.
  void Store(absl::string_view build_id, const AnswerTable& answers) const;

 private:
  std::string PathOf(absl::string_view build_id) const;  // "" for no cache
  void RemoveOldest() const;

  std::string directory_;
  uint64_t max_directory_bytes_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_SYMBOL_CACHE_H_

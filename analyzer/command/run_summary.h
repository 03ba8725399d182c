// run_summary.h: which snapshots came into being while a program ran: those
// in the output directory that were not there before. Immutable after
// construction.
#ifndef HEAPLINE_ANALYZER_COMMAND_RUN_SUMMARY_H_
#define HEAPLINE_ANALYZER_COMMAND_RUN_SUMMARY_H_

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace heapline {

// The number in a name <program>.<pid>.<sequence>.hl of this pid; -1 in any
// other name. Times do not tell: an earlier cut may be written later.
int64_t SequenceOf(absl::string_view name, pid_t pid);

class RunFiles {
 public:
  // `out` as in HEAPLINE_OPTIONS: a directory, or a path with %e, %p, %n.
  // Notes what is there now.
  explicit RunFiles(const std::string& out);

  // Lines for the user: what is new, and the last one's live heap, which is
  // the last of process `pid` where it has one.
  std::vector<std::string> Summary(pid_t pid) const;

 private:
  using FileId = std::pair<dev_t, ino_t>;
  struct Found {
    FileId id;
    std::string path;
    int64_t modified_ns;
  };
  std::vector<Found> FilesNow() const;

  std::string directory_;
  std::string name_glob_;
  std::set<FileId> before_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_RUN_SUMMARY_H_

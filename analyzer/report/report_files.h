// report_files.h: which snapshots a report reads for its FILE arguments. A
// FILE may be a directory: its snapshots, by process. Stateless.
#ifndef HEAPLINE_ANALYZER_REPORT_REPORT_FILES_H_
#define HEAPLINE_ANALYZER_REPORT_REPORT_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analyzer/report/heap_side.h"

namespace heapline {

// The file itself; of a directory the newest snapshot of each process.
absl::StatusOr<std::vector<std::string>> NewestOfEachProcess(
    const std::string& argument);

struct OlderAndNewer {
  std::vector<std::string> older;
  std::vector<std::string> newer;
  std::vector<std::string> notes;
};
// Of two arguments NewestOfEachProcess of each. Of one, a directory, the first
// and the newest snapshot of each process that left two or more.
absl::StatusOr<OlderAndNewer> FilesToCompare(
    const std::vector<std::string>& arguments);

// Every snapshot of the argument, in order of process start, pid, sequence.
absl::StatusOr<std::vector<std::string>> AllSnapshots(
    const std::string& argument);

// Adds each file to `side`. Of several files, those that cannot be read become
// notes; an error only where none could.
absl::Status AddFiles(const std::vector<std::string>& files,
                      const ReportRequest& request, CallStacks* stacks,
                      HeapSide* side);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_REPORT_FILES_H_

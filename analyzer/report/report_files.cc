#include "analyzer/report/report_files.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/base/progress.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/snapshot_set.h"

namespace heapline {
namespace {

std::vector<std::string> PathsOf(const std::vector<SnapshotFile>& files) {
  std::vector<std::string> paths;
  for (const SnapshotFile& file : files) paths.push_back(file.path);
  return paths;
}

absl::StatusOr<OlderAndNewer> FirstAndLast(const std::string& directory) {
  absl::StatusOr<std::vector<SnapshotFile>> files = TryListSnapshots(directory);
  if (!files.ok()) return files.status();
  OlderAndNewer result;
  size_t left_out = 0;
  for (const ProcessSnapshots& process : ByProcess(*std::move(files))) {
    if (process.files.size() < 2) {
      ++left_out;
      continue;
    }
    result.older.push_back(process.files.front().path);
    result.newer.push_back(process.files.back().path);
  }
  if (result.older.empty()) {
    return Problem(absl::StatusCode::kFailedPrecondition,
                   absl::StrCat("comparing within ", directory),
                   "no process left two snapshots or more",
                   "give two files or directories: OLD NEW");
  }
  if (left_out > 0) {
    result.notes.push_back(absl::StrCat(
        directory, ": ", left_out, left_out == 1 ? " process" : " processes",
        " with a single snapshot left out"));
  }
  return result;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> AllSnapshots(
    const std::string& argument) {
  const absl::StatusOr<std::vector<SnapshotFile>> files =
      TryListSnapshots(argument);
  if (!files.ok()) return files.status();
  return PathsOf(*files);
}

absl::StatusOr<std::vector<std::string>> NewestOfEachProcess(
    const std::string& argument) {
  absl::StatusOr<std::vector<SnapshotFile>> files = TryListSnapshots(argument);
  if (!files.ok()) return files.status();
  return PathsOf(LastOfEachProcess(*std::move(files)));
}

absl::StatusOr<OlderAndNewer> FilesToCompare(
    const std::vector<std::string>& arguments) {
  if (arguments.size() == 1) {
    struct stat file;
    const bool is_directory =
        stat(arguments[0].c_str(), &file) == 0 && S_ISDIR(file.st_mode);
    if (is_directory) return FirstAndLast(arguments[0]);
    return Problem(absl::StatusCode::kInvalidArgument,
                   "comparing two snapshots",
                   absl::StrCat("only ", arguments[0], " was given"),
                   "give OLD and NEW, or a directory of snapshots");
  }
  OlderAndNewer result;
  absl::StatusOr<std::vector<std::string>> older =
      NewestOfEachProcess(arguments[0]);
  if (!older.ok()) return older.status();
  absl::StatusOr<std::vector<std::string>> newer =
      NewestOfEachProcess(arguments[1]);
  if (!newer.ok()) return newer.status();
  result.older = *std::move(older);
  result.newer = *std::move(newer);
  return result;
}

absl::Status AddFiles(const std::vector<std::string>& files,
                      const ReportRequest& request, CallStacks* stacks,
                      HeapSide* side) {
  absl::Status first_problem;
  Progress progress("reading snapshots", files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    const absl::Status status = AddFile(files[i], request, stacks, side);
    progress.Show(i + 1);
    if (status.ok()) continue;
    if (files.size() == 1) return status;
    if (first_problem.ok()) first_problem = status;
    side->notes.push_back(absl::StrCat("left out: ", status.message()));
  }
  return side->snapshots.empty() ? first_problem : absl::OkStatus();
}

}  // namespace heapline

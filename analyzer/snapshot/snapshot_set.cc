#include "analyzer/snapshot/snapshot_set.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/snapshot_reader.h"

namespace heapline {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

bool IsDirectory(const std::string& path) {
  struct stat facts;
  return stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

auto Order(const SnapshotFile& file) {
  return std::tie(file.start_time_ns, file.pid, file.sequence, file.path);
}

// Adds `path` to `files` where it is a snapshot of either form.
void AddIfSnapshot(const std::string& path, std::vector<SnapshotFile>* files) {
  const absl::StatusOr<Snapshot> facts = TryReadProperties(path);
  SnapshotFile file;
  file.path = path;
  if (!facts.ok()) {
    // A damaged or newer snapshot is one, and whoever reads it will say so.
    const bool is_one = absl::IsDataLoss(facts.status()) ||
                        absl::IsUnimplemented(facts.status()) ||
                        absl::EndsWith(path, ".hl");
    if (is_one) files->push_back(std::move(file));
    return;
  }
  file.program = TextOf(*facts, PropertyId::program);
  file.start_time_ns = NumberOf(*facts, PropertyId::start_time_ns);
  file.pid = NumberOf(*facts, PropertyId::pid);
  file.sequence = NumberOf(*facts, PropertyId::sequence);
  files->push_back(std::move(file));
}

}  // namespace

absl::StatusOr<std::vector<SnapshotFile>> TryListSnapshots(
    const std::string& argument) {
  std::vector<SnapshotFile> files;
  if (!IsDirectory(argument)) {
    files.emplace_back();
    files.back().path = argument;
    return files;
  }
  const std::string doing =
      absl::StrCat("reading directory ", SafeText(argument));
  const std::unique_ptr<DIR, CloseDirectory> directory(
      opendir(argument.c_str()));
  if (directory == nullptr) {
    return SystemProblem(errno, doing, "cannot open it",
                         "run as its owner, or name the snapshots themselves");
  }
  while (const dirent* const entry = readdir(directory.get())) {
    const absl::string_view name = entry->d_name;
    if (name[0] == '.' || absl::EndsWith(name, ".tmp")) continue;
    const bool has_slash = !argument.empty() && argument.back() == '/';
    AddIfSnapshot(absl::StrCat(argument, has_slash ? "" : "/", name), &files);
  }
  if (files.empty()) {
    return Problem(absl::StatusCode::kNotFound, doing, "no snapshot is in it",
                   "give a snapshot, or the directory that HEAPLINE_OPTIONS "
                   "out= named");
  }
  std::sort(files.begin(), files.end(),
            [](const SnapshotFile& a, const SnapshotFile& b) {
              return Order(a) < Order(b);
            });
  return files;
}

std::vector<ProcessSnapshots> ByProcess(std::vector<SnapshotFile> files) {
  std::vector<ProcessSnapshots> processes;
  for (SnapshotFile& file : files) {
    if (processes.empty() || processes.back().pid != file.pid ||
        processes.back().start_time_ns != file.start_time_ns) {
      processes.emplace_back();
      processes.back().program = file.program;
      processes.back().start_time_ns = file.start_time_ns;
      processes.back().pid = file.pid;
    }
    processes.back().files.push_back(std::move(file));
  }
  return processes;
}

std::vector<SnapshotFile> LastOfEachProcess(std::vector<SnapshotFile> files) {
  std::vector<SnapshotFile> last;
  for (ProcessSnapshots& process : ByProcess(std::move(files))) {
    last.push_back(std::move(process.files.back()));
  }
  return last;
}

}  // namespace heapline

#include "analyzer/command/run_summary.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "analyzer/base/glob.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/snapshot.h"
#include "analyzer/snapshot/snapshot_reader.h"

namespace heapline {
namespace {

// A pattern's last part as a glob: each %x stands for something.
std::string GlobOf(absl::string_view name) {
  std::string glob;
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%' && i + 1 < name.size()) {
      glob.push_back('*');
      ++i;
      continue;
    }
    if (name[i] == '*' || name[i] == '?' || name[i] == '[' || name[i] == '\\') {
      glob.push_back('\\');
    }
    glob.push_back(name[i]);
  }
  // The writer adds the suffix, and a number, where the pattern has none.
  glob.push_back('*');
  return glob;
}

}  // namespace

int64_t SequenceOf(absl::string_view name, pid_t pid) {
  const std::string marker = absl::StrCat(".", pid, ".");
  const size_t at = name.rfind(marker);
  int64_t sequence;
  if (at == absl::string_view::npos || !absl::ConsumeSuffix(&name, ".hl") ||
      at + marker.size() > name.size() ||
      !absl::SimpleAtoi(name.substr(at + marker.size()), &sequence)) {
    return -1;
  }
  return sequence;
}

RunFiles::RunFiles(const std::string& out) : directory_(out) {
  name_glob_ = "*.hl";
  const size_t slash = out.rfind('/');
  if (out.find('%') != std::string::npos && slash != std::string::npos) {
    directory_ = out.substr(0, slash);
    name_glob_ = GlobOf(absl::string_view(out).substr(slash + 1));
  }
  for (const Found& file : FilesNow()) before_.insert(file.id);
}

std::vector<RunFiles::Found> RunFiles::FilesNow() const {
  std::vector<Found> files;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(directory_.c_str()),
                                                    closedir);
  if (entries == nullptr) return files;
  while (const dirent* entry = readdir(entries.get())) {
    if (!GlobMatches(name_glob_, entry->d_name)) continue;
    const std::string path = absl::StrCat(directory_, "/", entry->d_name);
    struct stat facts;
    if (lstat(path.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) continue;
    files.push_back(
        {{facts.st_dev, facts.st_ino},
         path,
         facts.st_mtim.tv_sec * int64_t{1000000000} + facts.st_mtim.tv_nsec});
  }
  std::sort(files.begin(), files.end(), [](const Found& a, const Found& b) {
    return std::make_pair(a.modified_ns, a.path) <
           std::make_pair(b.modified_ns, b.path);
  });
  return files;
}

std::vector<std::string> RunFiles::Summary(pid_t pid) const {
  std::vector<Found> fresh = FilesNow();
  fresh.erase(std::remove_if(fresh.begin(), fresh.end(),
                             [this](const Found& file) {
                               return before_.count(file.id) != 0;
                             }),
              fresh.end());
  if (fresh.empty()) {
    return {absl::StrCat("no snapshot was written to ", directory_)};
  }
  const Found* last = &fresh.back();
  int64_t last_sequence = -1;
  for (const Found& file : fresh) {
    const int64_t sequence =
        SequenceOf(absl::string_view(file.path).substr(directory_.size()), pid);
    if (sequence > last_sequence) {
      last_sequence = sequence;
      last = &file;
    }
  }
  std::vector<std::string> lines = {
      absl::StrCat(Counted(fresh.size(), "snapshot"), " in ", directory_)};
  const absl::StatusOr<Snapshot> snapshot = TryReadSnapshot(last->path);
  if (!snapshot.ok()) {
    lines.push_back(std::string(snapshot.status().message()));
    return lines;
  }
  lines.push_back(absl::StrCat(
      "last: ", last->path, ": ",
      HumanBytes(NumberOf(*snapshot, PropertyId::live_bytes)), " live in ",
      Counted(NumberOf(*snapshot, PropertyId::live_count), "block"), " (",
      TextOf(*snapshot, PropertyId::reason), ")"));
  return lines;
}

}  // namespace heapline

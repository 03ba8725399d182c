#include "analyzer/symbolize/debug_file_search.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/base/base_name.h"
#include "analyzer/symbolize/debuginfod.h"
#include "analyzer/symbolize/elf_module.h"

namespace heapline {
namespace {

constexpr absl::string_view kSystemDebugDirectory = "/usr/lib/debug";
// Shorter ones are no identification.
constexpr size_t kMinBuildIdBytes = 2;

bool IsUsable(absl::string_view build_id) {
  return build_id.size() >= kMinBuildIdBytes &&
         build_id.size() <= kMaxBuildIdBytes;
}

// "/.build-id/ab/cdef….debug"
std::string BuildIdSuffix(absl::string_view build_id) {
  const std::string digits = BuildIdText(build_id);
  return absl::StrCat("/.build-id/", digits.substr(0, 2), "/", digits.substr(2),
                      ".debug");
}

// The best of the files seen: one with debug information ends the search, one
// with a symbol table only is kept in case nothing better comes.
class BestDebugFile {
 public:
  bool IsFinal() const { return has_debug_information_; }
  void Consider(std::unique_ptr<ElfModule> candidate) {
    if (candidate->HasDebugInformation()) {
      best_ = std::move(candidate);
      has_debug_information_ = true;
    } else if (best_ == nullptr && candidate->HasSymbolTable()) {
      best_ = std::move(candidate);
    }
  }
  std::unique_ptr<ElfModule> Take() { return std::move(best_); }

 private:
  std::unique_ptr<ElfModule> best_;
  bool has_debug_information_ = false;
};

}  // namespace

std::string NormalPath(absl::string_view path) {
  const bool is_absolute = absl::StartsWith(path, "/");
  std::vector<absl::string_view> parts;
  for (absl::string_view part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !is_absolute) {
      parts.push_back(part);
    }
  }
  return absl::StrCat(is_absolute ? "/" : "", absl::StrJoin(parts, "/"));
}

DebugFileSearch::DebugFileSearch(std::vector<std::string> debug_directories,
                                 std::string sysroot)
    : debug_directories_(std::move(debug_directories)),
      sysroot_(std::move(sysroot)) {
  while (absl::EndsWith(sysroot_, "/")) sysroot_.pop_back();
}

std::vector<std::string> DebugFileSearch::BuildIdPaths(
    absl::string_view build_id) const {
  std::vector<std::string> paths;
  if (!IsUsable(build_id)) return paths;
  const std::string suffix = BuildIdSuffix(build_id);
  for (const std::string& directory : debug_directories_)
    paths.push_back(absl::StrCat(directory, suffix));
  if (!sysroot_.empty())
    paths.push_back(absl::StrCat(sysroot_, kSystemDebugDirectory, suffix));
  paths.push_back(absl::StrCat(kSystemDebugDirectory, suffix));
  return paths;
}

std::vector<std::string> DebugFileSearch::PlainPaths(
    const std::string& path) const {
  std::vector<std::string> paths;
  const std::string normal = NormalPath(path);
  const absl::string_view name = BaseName(normal);
  if (name.empty() || name == "..") return paths;
  for (const std::string& directory : debug_directories_) {
    for (absl::string_view ending : {".debug", ""}) {
      if (absl::StartsWith(normal, "/"))
        paths.push_back(absl::StrCat(directory, normal, ending));
      paths.push_back(absl::StrCat(directory, "/", name, ending));
    }
  }
  return paths;
}

std::vector<std::string> DebugFileSearch::DebugLinkPaths(
    const std::string& directory, const std::string& file_name) const {
  std::vector<std::string> paths;
  // The folder as it was on the machine of the snapshot.
  absl::string_view original = directory;
  if (!sysroot_.empty()) absl::ConsumePrefix(&original, sysroot_);
  for (const std::string& root : debug_directories_) {
    paths.push_back(absl::StrCat(root, original, "/", file_name));
    paths.push_back(absl::StrCat(root, "/", file_name));
  }
  paths.push_back(absl::StrCat(directory, "/", file_name));
  paths.push_back(absl::StrCat(directory, "/.debug/", file_name));
  for (const std::string& root : {sysroot_, std::string()}) {
    paths.push_back(
        absl::StrCat(root, kSystemDebugDirectory, original, "/", file_name));
    if (sysroot_.empty()) break;
  }
  return paths;
}

absl::StatusOr<std::unique_ptr<ElfModule>> DebugFileSearch::FindModule(
    const std::string& path, absl::string_view build_id) const {
  const std::string normal = NormalPath(path);
  std::vector<std::string> places;
  const bool is_absolute = absl::StartsWith(normal, "/");
  if (!sysroot_.empty() && is_absolute)
    places.push_back(absl::StrCat(sysroot_, normal));
  // A relative path leads anywhere. Without a build-id to tell them apart a
  // file outside the sysroot is likely another machine's.
  if (is_absolute && (!build_id.empty() || sysroot_.empty()))
    places.push_back(normal);
  if (!build_id.empty()) {
    for (std::string& place : PlainPaths(path))
      places.push_back(std::move(place));
  }
  absl::Status first_failure =
      absl::NotFoundError("the snapshot has no absolute path for it");
  bool has_failed = false;
  for (const std::string& place : places) {
    absl::StatusOr<std::unique_ptr<ElfModule>> module = ElfModule::Open(place);
    if (module.ok() && !build_id.empty() && (*module)->build_id() != build_id) {
      module = absl::FailedPreconditionError(absl::StrCat(
          "build-id on disk (",
          (*module)->build_id().empty() ? "none"
                                        : BuildIdText((*module)->build_id()),
          ") differs from the snapshot's (", BuildIdText(build_id), ")"));
    }
    if (module.ok()) return module;
    // A file of another build tells more than one that is not there.
    if (!has_failed || (absl::IsNotFound(first_failure) &&
                        !absl::IsNotFound(module.status()))) {
      first_failure = module.status();
      has_failed = true;
    }
  }
  return first_failure;
}

std::unique_ptr<ElfModule> DebugFileSearch::FindDebugFile(
    const std::string& path, absl::string_view build_id,
    const ElfModule* module) const {
  BestDebugFile best;
  std::vector<std::string> places = BuildIdPaths(build_id);
  DebugLink link;
  if (module != nullptr) link = module->GnuDebugLink();
  std::vector<std::string> link_places;
  if (!link.file_name.empty()) {
    link_places = DebugLinkPaths(std::string(DirectoryName(module->path())),
                                 link.file_name);
  }
  if (!build_id.empty()) {
    for (std::string& place : PlainPaths(path))
      places.push_back(std::move(place));
    for (const std::string& place : link_places) places.push_back(place);
    for (const std::string& place : places) {
      auto candidate = ElfModule::Open(place);
      if (!candidate.ok() || (*candidate)->build_id() != build_id) continue;
      best.Consider(*std::move(candidate));
      if (best.IsFinal()) return best.Take();
    }
  }
  for (const std::string& place : link_places) {
    auto candidate = ElfModule::Open(place);
    // One with a build-id was judged by it above.
    if (!candidate.ok() || !(*candidate)->build_id().empty()) continue;
    const absl::StatusOr<uint32_t> crc = (*candidate)->FileCrc();
    if (!crc.ok() || *crc != link.crc) continue;
    best.Consider(*std::move(candidate));
    if (best.IsFinal()) return best.Take();
  }
  if (IsUsable(build_id)) {
    std::unique_ptr<ElfModule> fetched = FetchDebugFile(build_id);
    if (fetched != nullptr) best.Consider(std::move(fetched));
  }
  return best.Take();
}

std::unique_ptr<ElfModule> DebugFileSearch::FindAlternateFile(
    const std::string& debug_file_path, const std::string& name,
    absl::string_view build_id) const {
  std::vector<std::string> places = BuildIdPaths(build_id);
  if (absl::StartsWith(name, "/")) {
    if (!sysroot_.empty())
      places.push_back(absl::StrCat(sysroot_, NormalPath(name)));
    places.push_back(NormalPath(name));
  } else {
    places.push_back(
        NormalPath(absl::StrCat(DirectoryName(debug_file_path), "/", name)));
  }
  for (const std::string& directory : debug_directories_) {
    places.push_back(absl::StrCat(directory, "/", BaseName(name)));
    places.push_back(absl::StrCat(directory, "/.dwz/", BaseName(name)));
  }
  for (const std::string& place : places) {
    auto candidate = ElfModule::Open(place);
    if (candidate.ok() && (*candidate)->build_id() == build_id &&
        (*candidate)->HasDebugInformation()) {
      return *std::move(candidate);
    }
  }
  return nullptr;
}

}  // namespace heapline

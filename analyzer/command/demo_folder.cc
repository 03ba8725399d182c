#include "analyzer/command/demo_folder.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "analyzer/base/base_name.h"
#include "analyzer/base/output_file.h"
#include "analyzer/base/status.h"

namespace heapline {
namespace {

constexpr char kRemedy[] = "name another folder with --keep";

absl::Status CannotKeep(const std::string& path, const std::string& found) {
  return Problem(absl::StatusCode::kFailedPrecondition,
                 absl::StrCat("keeping snapshots in ", path), found, kRemedy);
}

absl::Status CheckEmpty(const std::string& path) {
  std::error_code error;
  const bool is_empty = std::filesystem::is_empty(path, error);
  if (!error && is_empty) return absl::OkStatus();
  return CannotKeep(path, error ? error.message() : "it holds files already");
}

}  // namespace

absl::StatusOr<std::unique_ptr<DemoFolder>> DemoFolder::TryCreate(
    const std::string& keep) {
  if (keep.empty()) {
    const char* const folder = getenv("TMPDIR");
    std::string path =
        absl::StrCat(folder != nullptr && folder[0] == '/' ? folder : "/tmp",
                     "/heapline-demo.XXXXXX");
    if (mkdtemp(path.data()) == nullptr) {
      return SystemProblem(errno, absl::StrCat("making ", path), "mkdtemp",
                           kRemedy);
    }
    return std::unique_ptr<DemoFolder>(new DemoFolder(path, false));
  }
  std::error_code error;
  std::filesystem::create_directories(keep, error);
  if (error) return CannotKeep(keep, error.message());
  const absl::Status status = CheckEmpty(keep);
  if (!status.ok()) return status;
  const std::string path = std::filesystem::absolute(keep, error).string();
  return std::unique_ptr<DemoFolder>(new DemoFolder(path, true));
}

DemoFolder::~DemoFolder() { Drop(path_); }

absl::StatusOr<std::string> DemoFolder::TryMakeFolder(
    const std::string& name) const {
  const std::string path = absl::StrCat(path_, "/", name);
  if (mkdir(path.c_str(), 0700) != 0) {
    return SystemProblem(errno, absl::StrCat("making ", path), "mkdir",
                         kRemedy);
  }
  return path;
}

void DemoFolder::Drop(const std::string& folder) const {
  if (is_kept_) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

absl::StatusOr<std::string> DemoFolder::TryWriteFile(
    const std::string& name, const std::string& text) const {
  const std::string path = absl::StrCat(path_, "/", name);
  absl::StatusOr<OutputFile> file =
      OutputFile::TryCreate(path, OutputFile::kPrivateMode);
  if (!file.ok()) return file.status();
  absl::Status status = file->TryWrite(text);
  if (status.ok()) status = file->TryCommit();
  if (!status.ok()) return status;
  return path;
}

std::string DemoFolder::Shown(const std::string& path) const {
  return is_kept_ ? path : std::string(BaseName(path));
}

}  // namespace heapline

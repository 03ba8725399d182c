#include "analyzer/command/installed_files.h"

#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/base/base_name.h"
#include "analyzer/base/status.h"

namespace heapline {
namespace {

// The directory of the program that we are.
absl::StatusOr<std::string> OwnDirectory(absl::string_view doing) {
  char path[4096];
  const ssize_t count = readlink("/proc/self/exe", path, sizeof path - 1);
  if (count <= 0) {
    return SystemProblem(errno, doing, "reading /proc/self/exe", "mount /proc");
  }
  return std::string(
      DirectoryName(absl::string_view(path, static_cast<size_t>(count))));
}

}  // namespace

absl::StatusOr<std::string> FindShim() {
  constexpr char kDoing[] = "looking for libheapline.so";
  const absl::StatusOr<std::string> own = OwnDirectory(kDoing);
  if (!own.ok()) return own.status();
  const std::string places[] = {absl::StrCat(DirectoryName(*own), "/lib"),
                                *own};
  for (const std::string& place : places) {
    const std::string shim = absl::StrCat(place, "/libheapline.so");
    if (access(shim.c_str(), R_OK) != 0) continue;
    if (shim.find_first_of(": ") != std::string::npos) {
      return Problem(absl::StatusCode::kInvalidArgument,
                     absl::StrCat("preloading ", shim),
                     "LD_PRELOAD cannot hold a path with a blank or a colon",
                     "install heapline under another path");
    }
    return shim;
  }
  return Problem(
      absl::StatusCode::kNotFound, kDoing,
      absl::StrCat("it is neither in ", places[0], " nor in ", places[1]),
      "install it with `cmake --install`");
}

absl::StatusOr<std::string> FindDemonstration() {
  constexpr char kDoing[] = "looking for heapline-demo";
  const absl::StatusOr<std::string> own = OwnDirectory(kDoing);
  if (!own.ok()) return own.status();
  const std::string place =
      absl::StrCat(DirectoryName(*own), "/libexec/heapline");
  const std::string program = absl::StrCat(place, "/heapline-demo");
  if (access(program.c_str(), X_OK) == 0) return program;
  return Problem(absl::StatusCode::kNotFound, kDoing,
                 absl::StrCat("it is not in ", place),
                 "build the samples, or install it with `cmake --install`");
}

}  // namespace heapline

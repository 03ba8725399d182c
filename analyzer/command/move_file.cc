#include "analyzer/command/move_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/base/status.h"

namespace heapline {
namespace {

// 0, or an errno. `to` is left empty or whole; the caller removes it.
int CopyBytes(int from, int to) {
  char buffer[64 << 10];
  for (;;) {
    const ssize_t count = read(from, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return 0;
    for (ssize_t done = 0; done < count;) {
      const ssize_t written =
          write(to, buffer + done, static_cast<size_t>(count - done));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno;
      done += written;
    }
  }
}

absl::Status CopyAcross(const std::string& from, const std::string& to,
                        const std::string& doing) {
  const int source = open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (source < 0) return SystemProblem(errno, doing, "open", "");
  std::string temporary = absl::StrCat(to, ".XXXXXX");
  const int target = mkostemp(temporary.data(), O_CLOEXEC);
  if (target < 0) {
    const int error = errno;
    close(source);
    return SystemProblem(error, doing, "creating a file beside it",
                         absl::StrCat("the snapshot is still in ", from));
  }
  int error = CopyBytes(source, target);
  close(source);
  if (close(target) != 0 && error == 0) error = errno;
  if (error == 0 && rename(temporary.c_str(), to.c_str()) != 0) error = errno;
  if (error != 0) {
    unlink(temporary.c_str());
    return SystemProblem(error, doing, "copying",
                         absl::StrCat("the snapshot is still in ", from));
  }
  unlink(from.c_str());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> TryMoveFile(const std::string& from,
                                        const std::string& to) {
  std::string name = to;
  struct stat facts;
  if (absl::EndsWith(to, "/") ||
      (stat(to.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode))) {
    absl::StrAppend(&name, absl::EndsWith(to, "/") ? "" : "/",
                    absl::string_view(from).substr(from.rfind('/') + 1));
  }
  const std::string doing = absl::StrCat("moving the snapshot to ", name);
  if (rename(from.c_str(), name.c_str()) == 0) return name;
  if (errno != EXDEV) {
    return SystemProblem(errno, doing, "rename",
                         absl::StrCat("the snapshot is still in ", from));
  }
  const absl::Status copied = CopyAcross(from, name, doing);
  if (!copied.ok()) return copied;
  return name;
}

}  // namespace heapline

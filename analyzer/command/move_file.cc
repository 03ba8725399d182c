#include "analyzer/command/move_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/base/base_name.h"
#include "analyzer/base/status.h"
#include "heapline/snapshot_format.h"

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

// A file by its directory's descriptor and its own, so that what was looked at
// is what is then moved.
class FoundSnapshot {
 public:
  ~FoundSnapshot() {
    if (file_ >= 0) close(file_);
    if (directory_ >= 0) close(directory_);
  }
  FoundSnapshot() = default;
  FoundSnapshot(const FoundSnapshot&) = delete;
  FoundSnapshot& operator=(const FoundSnapshot&) = delete;

  absl::Status TryOpen(const std::string& path, uid_t owner,
                       const std::string& doing) {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) {
      return Problem(absl::StatusCode::kInvalidArgument, doing,
                     "the process named no whole path", "");
    }
    name_ = path.substr(slash + 1);
    directory_ = open(path.substr(0, slash + 1).c_str(),
                      O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory_ < 0) return SystemProblem(errno, doing, "open", "");
    file_ = openat(directory_, name_.c_str(),
                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file_ < 0) return SystemProblem(errno, doing, "open", "");
    struct stat facts;
    char magic[HL_MAGIC_BYTES];
    if (fstat(file_, &facts) != 0 || !S_ISREG(facts.st_mode) ||
        facts.st_uid != owner ||
        pread(file_, magic, sizeof magic, 0) != sizeof magic ||
        memcmp(magic, HL_MAGIC, sizeof magic) != 0) {
      return Problem(absl::StatusCode::kPermissionDenied, doing,
                     "what the process named is no snapshot of its own user",
                     "do not trust that process");
    }
    return absl::OkStatus();
  }

  int directory() const { return directory_; }
  int file() const { return file_; }
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  int directory_ = -1;
  int file_ = -1;
};

absl::Status CopyAcross(const FoundSnapshot& from, const std::string& to,
                        const std::string& doing) {
  std::string temporary = absl::StrCat(to, ".XXXXXX");
  const int target = mkostemp(&temporary[0], O_CLOEXEC);
  if (target < 0) {
    return SystemProblem(errno, doing, "creating a file beside it",
                         "the snapshot stays where it is");
  }
  int error = CopyBytes(from.file(), target);
  if (close(target) != 0 && error == 0) error = errno;
  if (error == 0 && rename(temporary.c_str(), to.c_str()) != 0) error = errno;
  if (error != 0) {
    unlink(temporary.c_str());
    return SystemProblem(error, doing, "copying",
                         "the snapshot stays where it is");
  }
  unlinkat(from.directory(), from.name().c_str(), 0);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> TryMoveSnapshot(const std::string& from,
                                            uid_t owner,
                                            const std::string& to) {
  std::string name = to;
  struct stat facts;
  if (absl::EndsWith(to, "/") ||
      (stat(to.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode))) {
    absl::StrAppend(&name, absl::EndsWith(to, "/") ? "" : "/", BaseName(from));
  }
  const std::string doing = absl::StrCat("moving the snapshot to ", name);
  FoundSnapshot found;
  const absl::Status opened = found.TryOpen(from, owner, doing);
  if (!opened.ok()) return opened;
  if (renameat(found.directory(), found.name().c_str(), AT_FDCWD,
               name.c_str()) == 0) {
    return name;
  }
  if (errno != EXDEV) {
    return SystemProblem(errno, doing, "rename",
                         absl::StrCat("the snapshot is still ", from));
  }
  const absl::Status copied = CopyAcross(found, name, doing);
  if (!copied.ok()) return copied;
  return name;
}

}  // namespace heapline

#include "analyzer/base/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"

namespace heapline {
namespace {

constexpr char kTemporarySuffix[] = ".XXXXXX";

std::string Doing(const std::string& path) {
  if (path.empty()) return "writing to standard output";
  return absl::StrCat("writing ", SafeText(path));
}

// The name behind symbolic links, so that the link stays.
std::string Resolved(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) != nullptr ? resolved : path;
}

// "dir/.name.XXXXXX" for "dir/name": beside it, so that it can be renamed.
std::string TemporaryPattern(const std::string& path) {
  const size_t slash = path.rfind('/');
  const size_t name = slash == std::string::npos ? 0 : slash + 1;
  return absl::StrCat(path.substr(0, name), ".", path.substr(name),
                      kTemporarySuffix);
}

mode_t Umask() {
  const mode_t mask = umask(0);
  umask(mask);
  return mask;
}

}  // namespace

absl::StatusOr<OutputFile> OutputFile::TryCreate(const std::string& path,
                                                 mode_t mode) {
  OutputFile file;
  if (path.empty() || path == "-") {
    file.descriptor_ = STDOUT_FILENO;
    return file;
  }
  file.path_ = Resolved(path);
  struct stat facts;
  const bool exists = stat(file.path_.c_str(), &facts) == 0;
  if (exists && !S_ISREG(facts.st_mode)) {
    file.descriptor_ =
        open(file.path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (file.descriptor_ < 0) {
      return SystemProblem(errno, Doing(path), "cannot open it",
                           "give another name with -o");
    }
    return file;
  }
  file.temporary_ = TemporaryPattern(file.path_);
  file.descriptor_ = mkostemp(&file.temporary_[0], O_CLOEXEC);
  if (file.descriptor_ < 0) {
    file.temporary_.clear();
    return SystemProblem(errno, Doing(path), "cannot create a file there",
                         "make the directory, or give another name with -o");
  }
  // Where root replaces a user's file it stays the user's; others may not and
  // need not.
  if (exists && fchown(file.descriptor_, facts.st_uid, facts.st_gid) != 0) {
    errno = 0;
  }
  const mode_t wanted = exists ? facts.st_mode & 07777 : mode & ~Umask();
  const absl::Status status = file.TrySetMode(wanted);
  if (!status.ok()) return status;
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept {
  *this = std::move(other);
}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(is_reader_gone_, other.is_reader_gone_);
  return *this;
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0 && !is_standard_output()) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

absl::Status OutputFile::TrySetMode(mode_t mode) {
  if (fchmod(descriptor_, mode) == 0) return absl::OkStatus();
  return SystemProblem(errno, Doing(path_), "cannot set its mode",
                       "give a name on another file system with -o");
}

absl::Status OutputFile::TryWrite(absl::string_view bytes) {
  while (!bytes.empty() && !is_reader_gone_) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(written);
    } else if (errno == EPIPE) {
      is_reader_gone_ = true;
    } else if (errno != EINTR) {
      return SystemProblem(errno, Doing(path_), "cannot write",
                           "make room there, or give another name with -o");
    }
  }
  return absl::OkStatus();
}

absl::Status OutputFile::TryCommit() {
  if (is_standard_output()) return absl::OkStatus();
  const bool is_direct = temporary_.empty();
  const bool is_flushed = is_direct || fsync(descriptor_) == 0;
  const bool is_closed = close(std::exchange(descriptor_, -1)) == 0;
  if (!is_flushed || !is_closed) {
    return SystemProblem(errno, Doing(path_), "cannot write all of it",
                         "make room there, or give another name with -o");
  }
  if (is_direct) return absl::OkStatus();
  if (rename(temporary_.c_str(), path_.c_str()) != 0) {
    return SystemProblem(errno, Doing(path_), "cannot give it its name",
                         "give another name with -o");
  }
  temporary_.clear();
  return absl::OkStatus();
}

}  // namespace heapline

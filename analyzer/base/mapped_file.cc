#include "analyzer/base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"

namespace heapline {
namespace {

const char* KindOfFile(mode_t mode) {
  if (S_ISDIR(mode)) return "it is a directory";
  if (S_ISFIFO(mode)) return "it is a FIFO";
  if (S_ISSOCK(mode)) return "it is a socket";
  return "it is a device";
}

absl::Status NotRegular(absl::string_view doing, mode_t mode) {
  return Problem(absl::StatusCode::kInvalidArgument, doing, KindOfFile(mode),
                 "give a regular file");
}

// Closes a descriptor at the end of its scope.
class ScopedFd {
 public:
  explicit ScopedFd(int fd) : fd_(fd) {}
  ScopedFd(const ScopedFd&) = delete;
  ScopedFd& operator=(const ScopedFd&) = delete;
  ~ScopedFd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

MappedFile::MappedFile(MappedFile&& other) noexcept {
  *this = std::move(other);
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mode_, other.mode_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<unsigned char*>(data_), size_);
}

absl::StatusOr<MappedFile> MappedFile::TryOpen(const std::string& path) {
  const std::string doing = absl::StrCat("reading ", SafeText(path));
  struct stat facts;
  // Looked at before it is opened: opening some devices does something.
  if (stat(path.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode)) {
    return NotRegular(doing, facts.st_mode);
  }
  const ScopedFd fd(
      open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (fd.get() < 0) {
    return SystemProblem(errno, doing, "cannot open it",
                         errno == EACCES ? "run as the file's owner"
                                         : "give the name of a file");
  }
  if (fstat(fd.get(), &facts) != 0) {
    return SystemProblem(errno, doing, "cannot look at it", "");
  }
  if (!S_ISREG(facts.st_mode)) return NotRegular(doing, facts.st_mode);
  MappedFile file;
  file.mode_ = facts.st_mode;
  if (facts.st_size == 0) return file;
  void* const data =
      mmap(nullptr, facts.st_size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (data == MAP_FAILED) {
    return SystemProblem(errno, doing, "cannot map it into memory",
                         "free some memory or raise the limit (ulimit -v)");
  }
  madvise(data, facts.st_size, MADV_SEQUENTIAL);
  file.data_ = static_cast<const unsigned char*>(data);
  file.size_ = facts.st_size;
  return file;
}

}  // namespace heapline

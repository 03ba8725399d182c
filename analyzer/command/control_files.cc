#include "analyzer/command/control_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "analyzer/base/status.h"
#include "analyzer/command/process_facts.h"

namespace heapline {

MappedPage::MappedPage(MappedPage&& other) noexcept
    : page_(std::exchange(other.page_, nullptr)),
      fd_(std::exchange(other.fd_, -1)) {}

MappedPage& MappedPage::operator=(MappedPage&& other) noexcept {
  std::swap(page_, other.page_);
  std::swap(fd_, other.fd_);
  return *this;
}

MappedPage::~MappedPage() {
  if (page_ != nullptr) munmap(page_, HL_CONTROL_PAGE_BYTES);
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<MappedPage> MappedPage::TryOpen(const std::string& path,
                                               uid_t owner, PageAccess access) {
  const std::string doing = absl::StrCat("opening the control page ", path);
  const bool writes = access == PageAccess::kReadWrite;
  MappedPage page;
  page.fd_ = open(path.c_str(), (writes ? O_RDWR : O_RDONLY) | O_NOFOLLOW |
                                    O_NONBLOCK | O_CLOEXEC);
  if (page.fd_ < 0) {
    return SystemProblem(errno, doing, "open",
                         errno == EACCES || errno == EPERM
                             ? "run heapline as the process's user or root"
                             : "");
  }
  struct stat facts;
  if (fstat(page.fd_, &facts) != 0) {
    return SystemProblem(errno, doing, "fstat", "");
  }
  if (!S_ISREG(facts.st_mode) || facts.st_uid != owner ||
      facts.st_size < HL_CONTROL_PAGE_BYTES) {
    return Problem(absl::StatusCode::kPermissionDenied, doing,
                   "it is not a page of the process's own user",
                   "look who else may write there");
  }
  void* mapped = mmap(nullptr, HL_CONTROL_PAGE_BYTES,
                      writes ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
                      page.fd_, 0);
  if (mapped == MAP_FAILED) return SystemProblem(errno, doing, "mmap", "");
  page.page_ = static_cast<HlControlPage*>(mapped);
  if (page.page_->magic != HL_CONTROL_MAGIC) {
    return Problem(absl::StatusCode::kDataLoss, doing,
                   "it holds no control page", "");
  }
  if (page.page_->version != 1) {
    return Problem(absl::StatusCode::kUnimplemented, doing,
                   absl::StrCat("version ", page.page_->version,
                                "; this heapline knows version 1"),
                   "use the heapline that the process was started with");
  }
  return page;
}

std::vector<std::string> ControlDirectories(uid_t user) {
  std::vector<std::string> directories;
  const char* runtime = getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && runtime[0] == '/' && user == geteuid()) {
    directories.push_back(
        absl::StrCat(runtime, "/", HL_CONTROL_DIRECTORY_RUNTIME));
  }
  const std::string usual =
      absl::StrCat("/run/user/", user, "/", HL_CONTROL_DIRECTORY_RUNTIME);
  if (directories.empty() || directories[0] != usual) {
    directories.push_back(usual);
  }
  directories.push_back(absl::StrFormat(HL_CONTROL_DIRECTORY_TMP, user));
  return directories;
}

void SweepDeadPages() {
  const uint64_t own_namespace = PidNamespace(getpid());
  if (own_namespace == 0) return;
  for (const std::string& name : ControlDirectories(geteuid())) {
    const int directory =
        open(name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) continue;
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(fdopendir(directory),
                                                      closedir);
    if (entries == nullptr) {
      close(directory);
      continue;
    }
    while (const dirent* entry = readdir(entries.get())) {
      const std::vector<absl::string_view> parts =
          absl::StrSplit(entry->d_name, '.');
      int pid = 0;
      uint64_t ticks = 0;
      if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &pid) || pid <= 0 ||
          !absl::SimpleAtoi(parts[1], &ticks)) {
        continue;
      }
      const absl::optional<uint64_t> started = StartTicks(pid);
      if (started && *started == ticks) continue;
      // A pid of another namespace (a container that shares the directory)
      // says nothing here: only our own namespace's pages are judged.
      const absl::StatusOr<MappedPage> page = MappedPage::TryOpen(
          absl::StrCat(name, "/", entry->d_name), geteuid(), PageAccess::kRead);
      if (page.ok() && page->get()->pid_namespace == own_namespace) {
        unlinkat(directory, entry->d_name, 0);
      }
    }
  }
}

}  // namespace heapline

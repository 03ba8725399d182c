// control_files.h: the control pages as files: where those of a user's
// processes lie, opening one with every check that a hostile directory makes
// necessary, and sweeping those whose process is dead. Thread-safe: no state.
#ifndef HEAPLINE_ANALYZER_COMMAND_CONTROL_FILES_H_
#define HEAPLINE_ANALYZER_COMMAND_CONTROL_FILES_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "heapline/control_page.h"

namespace heapline {

enum class PageAccess { kRead, kReadWrite };

// A control page, mapped shared. Owns the mapping and, for the lock, the
// descriptor. Movable.
class MappedPage {
 public:
  MappedPage() = default;
  MappedPage(MappedPage&& other) noexcept;
  MappedPage& operator=(MappedPage&& other) noexcept;
  ~MappedPage();

  // Refuses what is not a regular file of `owner` that holds a page.
  static absl::StatusOr<MappedPage> TryOpen(const std::string& path,
                                            uid_t owner, PageAccess access);

  HlControlPage* get() const { return page_; }
  int fd() const { return fd_; }

 private:
  HlControlPage* page_ = nullptr;
  int fd_ = -1;
};

// Where pages of this user's processes may lie, likeliest first.
std::vector<std::string> ControlDirectories(uid_t user);

// Removes the pages of our own dead processes of this pid namespace.
void SweepDeadPages();

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_CONTROL_FILES_H_

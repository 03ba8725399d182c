// mapped_file.h: a regular file's bytes, mapped read-only. Names may come from
// hostile places: nothing but a regular file is opened for longer than it
// takes to see that (O_NONBLOCK: a FIFO does not hang us), and no terminal
// becomes ours.
//
// The bytes live as long as the object. Whoever truncates the file meanwhile
// takes the mapping's pages away (SIGBUS): heapline's own writers only rename.
// Movable, not copyable; reading is thread-safe.
#ifndef HEAPLINE_ANALYZER_BASE_MAPPED_FILE_H_
#define HEAPLINE_ANALYZER_BASE_MAPPED_FILE_H_

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace heapline {

class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  // Errors say "reading PATH: …".
  static absl::StatusOr<MappedFile> TryOpen(const std::string& path);

  absl::Span<const unsigned char> bytes() const { return {data_, size_}; }
  absl::string_view text() const {
    return {reinterpret_cast<const char*>(data_), size_};
  }
  mode_t mode() const { return mode_; }

 private:
  const unsigned char* data_ = nullptr;
  size_t size_ = 0;
  mode_t mode_ = 0;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_BASE_MAPPED_FILE_H_

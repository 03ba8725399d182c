// output_file.h: where a command's result goes: standard output, or a file
// that appears under its name only when it is whole. Made before the work is
// done, so that a bad path fails first.
//
// Invariant: until TryCommit the named file is as it was; without TryCommit
// nothing is left. What is no regular file (a device, a FIFO) is written
// directly. Movable, not copyable; not thread-safe.
#ifndef HEAPLINE_ANALYZER_BASE_OUTPUT_FILE_H_
#define HEAPLINE_ANALYZER_BASE_OUTPUT_FILE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace heapline {

class OutputFile {
 public:
  // The mode that an ordinary result gets, less the umask.
  static constexpr mode_t kOrdinaryMode = 0666;
  // What holds addresses and paths of a process is the owner's alone.
  static constexpr mode_t kPrivateMode = 0600;

  // "-" or "" is standard output. A new file gets `mode`; one that is replaced
  // through a symbolic link is replaced where the link leads.
  static absl::StatusOr<OutputFile> TryCreate(const std::string& path,
                                              mode_t mode);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  absl::Status TryWrite(absl::string_view bytes);

  // Gives the file exactly this mode, whatever the umask.
  absl::Status TrySetMode(mode_t mode);

  // Flushes to disk and gives the file its name. A reader of standard output
  // that went away (a closed pipe) is no error.
  absl::Status TryCommit();

  bool is_standard_output() const { return path_.empty(); }

 private:
  OutputFile() = default;

  std::string path_;       // final name; "" for standard output
  std::string temporary_;  // "" where the file is written directly
  int descriptor_ = -1;
  bool is_reader_gone_ = false;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_BASE_OUTPUT_FILE_H_

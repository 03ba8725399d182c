// process_control.h: a traced process as the commands see it: its control
// page, and a request to it. A request is written into the page under a lock
// of the file (one command at a time), announced to one thread by the reserved
// signal, and waited for. Before anything is sent it is made sure that the
// process still catches that signal: an exec may have put another program
// there, which the signal would end.
//
// Errors have three parts and end in exit status 2. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_COMMAND_PROCESS_CONTROL_H_
#define HEAPLINE_ANALYZER_COMMAND_PROCESS_CONTROL_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "analyzer/command/control_files.h"
#include "heapline/control_page.h"

namespace heapline {

struct ProcessRequest {
  HlCommand command = HL_COMMAND_NONE;
  std::string label;   // <= HL_MAX_LABEL_BYTES
  uint32_t flags = 0;  // HL_REQUEST_…
  // Until the process takes the request up; what it then does may take longer.
  absl::Duration patience = absl::Seconds(10);
};

class TracedProcess {
 public:
  // `doing` begins every message ("snapshot of 123").
  static absl::StatusOr<TracedProcess> TryFind(pid_t pid, PageAccess access,
                                               absl::string_view doing);

  // The page as it is now. `status` reads nothing else.
  HlControlPage ReadPage() const;

  // Returns the file written, as this process can open it, or "" for commands
  // that write none. The name is what the process says: not to be trusted.
  absl::StatusOr<std::string> TryRequest(const ProcessRequest& request);

  pid_t pid() const { return pid_; }
  uid_t owner() const { return owner_; }

 private:
  TracedProcess() = default;
  absl::Status TryLock();
  absl::Status TrySignal();
  absl::Status AwaitReply(uint64_t number, absl::Duration patience);
  std::string PathFromHere(const std::string& path) const;

  pid_t pid_ = 0;
  uid_t owner_ = 0;
  std::string doing_;
  MappedPage page_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_PROCESS_CONTROL_H_

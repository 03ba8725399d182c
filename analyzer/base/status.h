// status.h: errors in the three parts that every message has: what was being
// done, what was found, what to do. The parts are joined to one line, so that
// a command prints it as it is; text that comes from a file must be made safe
// by the caller (text.h). Thread-safe: no state.
#ifndef HEAPLINE_ANALYZER_BASE_STATUS_H_
#define HEAPLINE_ANALYZER_BASE_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace heapline {

// "DOING: FOUND; REMEDY". The remedy may be empty where there is none.
absl::Status Problem(absl::StatusCode code, absl::string_view doing,
                     absl::string_view found, absl::string_view remedy);

// The same for a failed system call: FOUND is "what: strerror(error_number)".
absl::Status SystemProblem(int error_number, absl::string_view doing,
                           absl::string_view what, absl::string_view remedy);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_BASE_STATUS_H_

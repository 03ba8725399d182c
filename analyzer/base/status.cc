#include "analyzer/base/status.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace heapline {

absl::Status Problem(absl::StatusCode code, absl::string_view doing,
                     absl::string_view found, absl::string_view remedy) {
  std::string message = absl::StrCat(doing, ": ", found);
  if (!remedy.empty()) absl::StrAppend(&message, "; ", remedy);
  return absl::Status(code, message);
}

absl::Status SystemProblem(int error_number, absl::string_view doing,
                           absl::string_view what, absl::string_view remedy) {
  char buffer[256];
  const char* text = strerror_r(error_number, buffer, sizeof buffer);
  return Problem(absl::ErrnoToStatusCode(error_number), doing,
                 absl::StrCat(what, ": ", text), remedy);
}

}  // namespace heapline

// installed_files.h: what lies beside the program that we are, in the build
// tree and installed alike. Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_INSTALLED_FILES_H_
#define HEAPLINE_ANALYZER_COMMAND_INSTALLED_FILES_H_

#include <string>

#include "absl/status/statusor.h"

namespace heapline {

// libheapline.so: in ../lib, or in our own directory.
absl::StatusOr<std::string> FindShim();

// heapline-demo: in ../libexec/heapline.
absl::StatusOr<std::string> FindDemonstration();

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_INSTALLED_FILES_H_

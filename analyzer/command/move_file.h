// move_file.h: gives a file that lies somewhere else, perhaps in a container's
// file system, the name that the user asked for. The new name appears whole or
// not at all; an existing file of that name is replaced. Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_MOVE_FILE_H_
#define HEAPLINE_ANALYZER_COMMAND_MOVE_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace heapline {

// `to` may be a directory: the file then keeps its last name. Returns the name
// it has in the end. On failure `from` is as it was.
absl::StatusOr<std::string> TryMoveFile(const std::string& from,
                                        const std::string& to);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_MOVE_FILE_H_

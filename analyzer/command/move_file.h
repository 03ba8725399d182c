// move_file.h: gives a file that lies somewhere else, perhaps in a container's
// file system, the name that the user asked for. The new name appears whole or
// not at all; an existing file of that name is replaced.
//
// The old name was told by another process, perhaps of another user: nothing
// but a snapshot that belongs to that user is ever touched. Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_MOVE_FILE_H_
#define HEAPLINE_ANALYZER_COMMAND_MOVE_FILE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace heapline {

// `to` may be a directory: the file then keeps its last name. Returns the name
// it has in the end. On failure `from` is as it was.
absl::StatusOr<std::string> TryMoveSnapshot(const std::string& from,
                                            uid_t owner, const std::string& to);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_MOVE_FILE_H_

// snapshot_reader.h: the one way a snapshot comes into memory. Reads the
// binary form, plain or packed, and the text form (told apart by their first
// bytes). Hostile input is normal input: every count and offset is checked
// against the file's size before memory is taken, memory is bounded by a
// constant times the file's size, nothing recurses. A damaged file gives its
// sound part and Snapshot::damage; only a file without a sound header, without
// any sound section, or of a newer version is an error.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_SNAPSHOT_READER_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_SNAPSHOT_READER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

// Error messages have three parts: what was being done, what was found, what
// to do. Opens regular files only (O_NONBLOCK), maps them.
absl::StatusOr<Snapshot> TryReadSnapshot(const std::string& path);

// The same from bytes in memory; `name` stands in messages.
absl::StatusOr<Snapshot> TryParseSnapshot(absl::Span<const unsigned char> bytes,
                                          absl::string_view name);

// Only what the file says of itself: `properties` (the end section's too where
// the way there is undamaged), file and architecture; all else is empty. Costs
// no more than the file's section headers.
absl::StatusOr<Snapshot> TryReadProperties(const std::string& path);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_SNAPSHOT_READER_H_

// pack.h: snapshots made small: every section through zstd, file and sections
// otherwise as they were; sections that this version does not know too. Works
// on the file's sections, not on records, so that nothing can be lost.
//
// Invariant: what PackSnapshot gives is read as the same snapshot. Thread-safe:
// no state.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_PACK_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_PACK_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace heapline {

struct PackResult {
  enum Outcome { kPacked, kWasPacked, kNoGain } outcome = kPacked;
  uint64_t old_bytes = 0;
  uint64_t new_bytes = 0;
};

// The packed form of the snapshot in `bytes`. An error where they are no
// snapshot in the binary form, or a damaged one: packing would hide what is
// lost. `name` stands in messages.
absl::StatusOr<std::string> PackSnapshot(absl::Span<const unsigned char> bytes,
                                         absl::string_view name,
                                         PackResult* result);

// Packs the file in place: the packed form is written beside it, with the
// file's mode, and renamed over it. A file that is packed already, or does not
// become smaller, is left as it is.
absl::StatusOr<PackResult> TryPackFile(const std::string& path);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_PACK_H_

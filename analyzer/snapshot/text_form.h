// text_form.h: the readable form of a snapshot, both ways and without loss:
// what tests are written in and `heapline export --to text` prints. One record
// a line; the grammar is docs/snapshot-format.md, "Text form".
//
// Invariant: WriteTextForm(ParseTextForm(t)) == t for every t that
// WriteTextForm wrote. Thread-safe: no state.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_TEXT_FORM_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_TEXT_FORM_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

// True where `bytes` begin with HL_TEXT_MAGIC.
bool IsTextForm(absl::string_view bytes);

// Strict, as it is written by hand: the first mistake is an error that names
// the line and what was expected there. `name` stands in messages.
absl::StatusOr<Snapshot> ParseTextForm(absl::string_view text,
                                       absl::string_view name);

std::string WriteTextForm(const Snapshot& snapshot);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_TEXT_FORM_H_

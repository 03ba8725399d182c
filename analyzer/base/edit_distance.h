// edit_distance.h: "did you mean": the word of a list that a mistyped one is
// nearest to. Thread-safe: no state.
#ifndef HEAPLINE_ANALYZER_BASE_EDIT_DISTANCE_H_
#define HEAPLINE_ANALYZER_BASE_EDIT_DISTANCE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace heapline {

// Least number of bytes inserted, removed, replaced or swapped with their
// neighbour that makes `a` of `b`. O(|a| |b|) time: for short words.
size_t EditDistance(absl::string_view a, absl::string_view b);

// The first of the nearest words, or "" where none is near: more than a third
// of the longer word would have to change.
std::string NearestWord(absl::string_view word,
                        absl::Span<const absl::string_view> words);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_BASE_EDIT_DISTANCE_H_

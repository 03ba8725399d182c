#include "analyzer/base/edit_distance.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace heapline {
namespace {

// Longer words are not typed by hand and would cost time.
constexpr size_t kLongestWord = 64;

}  // namespace

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> before_previous(b.size() + 1);
  std::vector<size_t> previous(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_previous, previous);
    std::swap(previous, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({previous[j] + 1, row[j - 1] + 1, replaced});
      const bool is_swap =
          i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (is_swap) row[j] = std::min(row[j], before_previous[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string NearestWord(absl::string_view word,
                        absl::Span<const absl::string_view> words) {
  if (word.size() > kLongestWord) return "";
  std::string nearest;
  size_t least = SIZE_MAX;
  for (const absl::string_view candidate : words) {
    const size_t longer = std::max(word.size(), candidate.size());
    const size_t shorter = std::min(word.size(), candidate.size());
    // No distance is below the difference of the lengths.
    if ((longer - shorter) * 3 > longer) continue;
    const size_t distance = EditDistance(word, candidate);
    if (distance >= least || distance * 3 > longer) continue;
    least = distance;
    nearest = std::string(candidate);
  }
  return nearest;
}

}  // namespace heapline

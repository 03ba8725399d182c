#include "analyzer/base/glob.h"

#include <cstddef>

namespace heapline {
namespace {

// Matches one byte against the pattern element at `*p` (not a star) and moves
// *p behind it. A bracket without an end is an ordinary byte.
bool MatchesOne(absl::string_view pattern, size_t* p, char byte) {
  const char first = pattern[*p];
  if (first == '\\' && *p + 1 < pattern.size()) {
    *p += 2;
    return pattern[*p - 1] == byte;
  }
  const size_t set = *p + 1;
  const bool is_negated =
      first == '[' && set < pattern.size() && pattern[set] == '!';
  const size_t begin = set + (is_negated ? 1 : 0);
  // A ] right at the beginning belongs to the set.
  const size_t end =
      first == '[' ? pattern.find(']', begin + 1) : absl::string_view::npos;
  if (end == absl::string_view::npos) {
    ++*p;
    return first == '?' || first == byte;
  }
  bool is_member = false;
  for (size_t i = begin; i < end; ++i) {
    const auto low = static_cast<unsigned char>(pattern[i]);
    auto high = low;
    if (i + 2 < end && pattern[i + 1] == '-') {
      high = static_cast<unsigned char>(pattern[i + 2]);
      i += 2;
    }
    const auto value = static_cast<unsigned char>(byte);
    is_member |= low <= value && value <= high;
  }
  *p = end + 1;
  return is_member != is_negated;
}

}  // namespace

bool GlobMatches(absl::string_view pattern, absl::string_view text) {
  size_t p = 0;
  size_t t = 0;
  // Where to go on when an element fails: behind the last star, which then
  // takes one byte more.
  size_t star = absl::string_view::npos;
  size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_text = t;
      continue;
    }
    if (p < pattern.size() && MatchesOne(pattern, &p, text[t])) {
      ++t;
      continue;
    }
    if (star == absl::string_view::npos) return false;
    p = star;
    t = ++star_text;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool IsGlob(absl::string_view text) {
  return text.find_first_of("*?[\\") != absl::string_view::npos;
}

}  // namespace heapline

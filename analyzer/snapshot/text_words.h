// text_words.h: the words for the numbers of the format: one table for each set
// of flags and kinds, used by the text form's writer and parser and by the
// reports, so that they cannot differ. Thread-safe: everything is constant.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_TEXT_WORDS_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_TEXT_WORDS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"

namespace heapline {

struct ValueWord {
  uint64_t value;
  const char* word;
};

absl::Span<const ValueWord> ModuleFlagWords();
absl::Span<const ValueWord> ThreadFlagWords();
absl::Span<const ValueWord> MappingFlagWords();
absl::Span<const ValueWord> NodeKindWords();
absl::Span<const ValueWord> SpecialNodeWords();
absl::Span<const ValueWord> ArchitectureWords();
absl::Span<const ValueWord> RootKindWords();
absl::Span<const ValueWord> WordKindWords();

// The word of `value`, or its number in hexadecimal where it has none.
std::string WordOf(absl::Span<const ValueWord> words, uint64_t value);
// The value of `word`; nothing where it is none of them.
absl::optional<uint64_t> ValueOf(absl::Span<const ValueWord> words,
                                 absl::string_view word);
// Bits as words joined by commas, bits without a word as one number: "main".
std::string FlagsText(absl::Span<const ValueWord> words, uint64_t flags);
// The inverse; nothing where a part is neither a word nor a number.
absl::optional<uint64_t> ParseFlags(absl::Span<const ValueWord> words,
                                    absl::string_view text);
// "one of a, b, c", for messages.
std::string ListOfWords(absl::Span<const ValueWord> words);

// "0x1f".
std::string HexNumber(uint64_t value);
// Decimal, or hexadecimal behind 0x; nothing where it is neither or over 64
// bits.
absl::optional<uint64_t> ParseNumber(absl::string_view text);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_TEXT_WORDS_H_

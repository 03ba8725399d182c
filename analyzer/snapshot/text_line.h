// text_line.h: one line of the text form, cut into words and handed out one by
// one. The first thing that is missing or wrong is kept as the line's error,
// and all later takes give empty values: a handler reads its line straight
// through and asks once at the end.
//
// The line's text must outlive the object. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_TEXT_LINE_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_TEXT_LINE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {

// For numbers without a bound.
constexpr uint64_t kAnyNumber = UINT64_MAX;

class TextLine {
 public:
  explicit TextLine(absl::string_view line);

  // No words: an empty line or a comment.
  bool is_empty() const { return words_.empty() && error_.empty(); }

  // The next word without a key. `what` says in a message what stands there.
  std::string TakeText(absl::string_view what);
  uint64_t TakeNumber(absl::string_view what, uint64_t largest);
  // A multiple of 16 below HL_MAX_ADDRESS.
  uint64_t TakeBlockAddress();
  // A number behind a plus sign: "+0x18".
  uint64_t TakePlusNumber(absl::string_view what, uint64_t largest);
  uint64_t TakeWord(absl::Span<const ValueWord> words);
  // A word of the table, or a number.
  uint64_t TakeWordOrNumber(absl::Span<const ValueWord> words);
  bool HasNext() const { return Next() != nullptr; }
  bool NextIsQuoted() const;
  // Takes the next word where it is exactly `word`, in no quotes.
  bool TakeIf(absl::string_view word);

  // The value of key=value, or the fallback where the key is not there.
  std::string TakeTextOf(absl::string_view key);
  uint64_t TakeNumberOf(absl::string_view key, uint64_t largest,
                        uint64_t fallback);
  int64_t TakeSignedOf(absl::string_view key);
  uint64_t TakeFlagsOf(absl::string_view key,
                       absl::Span<const ValueWord> words);
  bool HasKey(absl::string_view key) const;

  // Records "expected EXPECTED, found FOUND" unless an error is there already.
  void Fail(absl::string_view expected, absl::string_view found);

  // The first error, words nobody took included; "" for a sound line. Call
  // after the last take.
  std::string Error();

 private:
  struct Word {
    std::string key;  // "" for a word without a key
    std::string value;
    bool is_quoted = false;
    bool is_taken = false;
  };

  void ReadWord(absl::string_view* rest);
  bool ReadQuoted(absl::string_view* rest, std::string* value);
  const Word* Next() const;
  Word* TakeNext(absl::string_view what);
  Word* TakeKey(absl::string_view key);

  std::vector<Word> words_;
  std::string error_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_TEXT_LINE_H_

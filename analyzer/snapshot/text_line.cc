#include "analyzer/snapshot/text_line.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "analyzer/base/text.h"
#include "heapline/snapshot_format.h"

namespace heapline {
namespace {

constexpr size_t kMostShownBytes = 60;

std::string Shown(absl::string_view text) {
  std::string shown = QuotedText(text.substr(0, kMostShownBytes));
  if (text.size() > kMostShownBytes) shown += "…";
  return shown;
}

bool IsKeyByte(char byte) {
  return absl::ascii_islower(byte) || absl::ascii_isdigit(byte) ||
         byte == '-' || byte == '_';
}

// Length of the key of "key=…", 0 where `text` does not begin with one.
size_t KeyLength(absl::string_view text) {
  size_t length = 0;
  while (length < text.size() && IsKeyByte(text[length])) ++length;
  return length > 0 && length < text.size() && text[length] == '=' ? length : 0;
}

int HexDigit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

TextLine::TextLine(absl::string_view line) {
  while (true) {
    line = absl::StripLeadingAsciiWhitespace(line);
    if (line.empty() || line[0] == '#' || !error_.empty()) return;
    ReadWord(&line);
  }
}

void TextLine::ReadWord(absl::string_view* rest) {
  Word word;
  const size_t key_length = KeyLength(*rest);
  if (key_length > 0) {
    word.key = std::string(rest->substr(0, key_length));
    rest->remove_prefix(key_length + 1);
  }
  if (!rest->empty() && (*rest)[0] == '"') {
    word.is_quoted = true;
    if (!ReadQuoted(rest, &word.value)) return;
  } else {
    size_t length = 0;
    while (length < rest->size() && !absl::ascii_isspace((*rest)[length])) {
      ++length;
    }
    word.value = std::string(rest->substr(0, length));
    rest->remove_prefix(length);
  }
  words_.push_back(std::move(word));
}

bool TextLine::ReadQuoted(absl::string_view* rest, std::string* value) {
  const absl::string_view whole = *rest;
  rest->remove_prefix(1);
  while (!rest->empty()) {
    const char byte = (*rest)[0];
    rest->remove_prefix(1);
    if (byte == '"') return true;
    if (byte != '\\') {
      value->push_back(byte);
      continue;
    }
    if (rest->empty()) break;
    const char escape = (*rest)[0];
    if (escape == '"' || escape == '\\') {
      value->push_back(escape);
      rest->remove_prefix(1);
      continue;
    }
    const int high = rest->size() > 2 ? HexDigit((*rest)[1]) : -1;
    const int low = rest->size() > 2 ? HexDigit((*rest)[2]) : -1;
    if (escape != 'x' || high < 0 || low < 0) {
      Fail("\\\", \\\\ or \\xNN behind a backslash", rest->substr(0, 3));
      return false;
    }
    value->push_back(static_cast<char>(high << 4 | low));
    rest->remove_prefix(3);
  }
  Fail("a closing double quote", whole);
  return false;
}

void TextLine::Fail(absl::string_view expected, absl::string_view found) {
  if (!error_.empty()) return;
  error_ = absl::StrCat("expected ", expected, ", found ", Shown(found));
}

const TextLine::Word* TextLine::Next() const {
  for (const Word& word : words_) {
    if (!word.is_taken && word.key.empty()) return &word;
  }
  return nullptr;
}

TextLine::Word* TextLine::TakeNext(absl::string_view what) {
  if (!error_.empty()) return nullptr;
  Word* const word = const_cast<Word*>(Next());
  if (word == nullptr) {
    error_ = absl::StrCat("expected ", what, ", found the end of the line");
    return nullptr;
  }
  word->is_taken = true;
  return word;
}

TextLine::Word* TextLine::TakeKey(absl::string_view key) {
  if (!error_.empty()) return nullptr;
  for (Word& word : words_) {
    if (word.is_taken || word.key != key) continue;
    word.is_taken = true;
    return &word;
  }
  return nullptr;
}

std::string TextLine::TakeText(absl::string_view what) {
  const Word* const word = TakeNext(what);
  return word == nullptr ? "" : word->value;
}

uint64_t TextLine::TakeNumber(absl::string_view what, uint64_t largest) {
  const Word* const word = TakeNext(what);
  if (word == nullptr) return 0;
  const absl::optional<uint64_t> value = ParseNumber(word->value);
  if (value.has_value() && *value <= largest && !word->is_quoted) return *value;
  Fail(absl::StrCat(what, " (a number, at most ", largest, ")"), word->value);
  return 0;
}

uint64_t TextLine::TakeBlockAddress() {
  constexpr uint64_t kGranule = uint64_t{1} << HL_BLOCK_ALIGNMENT_SHIFT;
  const uint64_t address =
      TakeNumber("the block's address", HL_MAX_ADDRESS - 1);
  if (address % kGranule == 0) return address;
  Fail(absl::StrCat("an address that is a multiple of ", kGranule),
       HexNumber(address));
  return 0;
}

uint64_t TextLine::TakePlusNumber(absl::string_view what, uint64_t largest) {
  const Word* const word = TakeNext(what);
  if (word == nullptr) return 0;
  const absl::string_view digits = word->value;
  if (!word->is_quoted && !digits.empty() && digits[0] == '+') {
    const absl::optional<uint64_t> value = ParseNumber(digits.substr(1));
    if (value.has_value() && *value <= largest) return *value;
  }
  Fail(absl::StrCat(what, " (+ and a number, at most ", largest, ")"), digits);
  return 0;
}

uint64_t TextLine::TakeWord(absl::Span<const ValueWord> words) {
  const std::string expected = ListOfWords(words);
  const Word* const word = TakeNext(expected);
  if (word == nullptr) return 0;
  const absl::optional<uint64_t> value = ValueOf(words, word->value);
  if (value.has_value()) return *value;
  Fail(expected, word->value);
  return 0;
}

uint64_t TextLine::TakeWordOrNumber(absl::Span<const ValueWord> words) {
  const std::string expected = absl::StrCat(ListOfWords(words), ", a number");
  const Word* const word = TakeNext(expected);
  if (word == nullptr) return 0;
  absl::optional<uint64_t> value = ValueOf(words, word->value);
  if (!value.has_value()) value = ParseNumber(word->value);
  if (value.has_value()) return *value;
  Fail(expected, word->value);
  return 0;
}

bool TextLine::NextIsQuoted() const {
  const Word* const word = Next();
  return word != nullptr && word->is_quoted;
}

bool TextLine::TakeIf(absl::string_view word) {
  Word* const next = const_cast<Word*>(Next());
  if (next == nullptr || next->is_quoted || next->value != word) return false;
  next->is_taken = true;
  return true;
}

std::string TextLine::TakeTextOf(absl::string_view key) {
  const Word* const word = TakeKey(key);
  return word == nullptr ? "" : word->value;
}

uint64_t TextLine::TakeNumberOf(absl::string_view key, uint64_t largest,
                                uint64_t fallback) {
  const Word* const word = TakeKey(key);
  if (word == nullptr) return fallback;
  const absl::optional<uint64_t> value = ParseNumber(word->value);
  if (value.has_value() && *value <= largest && !word->is_quoted) return *value;
  Fail(absl::StrCat(key, "= and a number of at most ", largest), word->value);
  return fallback;
}

int64_t TextLine::TakeSignedOf(absl::string_view key) {
  const Word* const word = TakeKey(key);
  if (word == nullptr) return 0;
  absl::string_view digits = word->value;
  const bool is_negative = !digits.empty() && digits[0] == '-';
  if (is_negative) digits.remove_prefix(1);
  const absl::optional<uint64_t> value = ParseNumber(digits);
  const uint64_t largest = uint64_t{INT64_MAX} + (is_negative ? 1 : 0);
  if (!value.has_value() || *value > largest) {
    Fail(absl::StrCat(key, "= and a signed number"), word->value);
    return 0;
  }
  return static_cast<int64_t>(is_negative ? 0 - *value : *value);
}

uint64_t TextLine::TakeFlagsOf(absl::string_view key,
                               absl::Span<const ValueWord> words) {
  const Word* const word = TakeKey(key);
  if (word == nullptr) return 0;
  const absl::optional<uint64_t> flags = ParseFlags(words, word->value);
  if (flags.has_value() && *flags <= UINT32_MAX) return *flags;
  Fail(absl::StrCat(key, "= and, joined by commas, some of: ",
                    ListOfWords(words).substr(sizeof "one of")),
       word->value);
  return 0;
}

bool TextLine::HasKey(absl::string_view key) const {
  for (const Word& word : words_) {
    if (!word.is_taken && word.key == key) return true;
  }
  return false;
}

std::string TextLine::Error() {
  for (const Word& word : words_) {
    if (word.is_taken || !error_.empty()) continue;
    Fail("nothing more in this kind of line",
         word.key.empty() ? word.value
                          : absl::StrCat(word.key, "=", word.value));
  }
  return error_;
}

}  // namespace heapline

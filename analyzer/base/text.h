// text.h: the one place where bytes and numbers become text for people. Names
// from a snapshot are hostile: nothing of them reaches a terminal but through
// SafeText. Numbers for machines are printed plain elsewhere.
//
// Invariant: the output of every function here is valid UTF-8 without control
// characters. Thread-safe: no state.
#ifndef HEAPLINE_ANALYZER_BASE_TEXT_H_
#define HEAPLINE_ANALYZER_BASE_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace heapline {

// `bytes` with every byte that could steer a terminal or hide text shown as
// \xNN: control characters (ESC, CR, tab and newline too, and C1 ones), line
// and paragraph separators, bidirectional controls, invalid UTF-8.
std::string SafeText(absl::string_view bytes);

// `bytes` as one word of the text form: in double quotes, `"` and `\` behind a
// backslash, the rest as in SafeText. The text form reads it back
// without loss.
std::string QuotedText(absl::string_view bytes);

// Number of bytes of the well-formed UTF-8 character that `bytes` begins with
// (1..4), its code point in *code_point; 0 where there is none.
size_t Utf8Character(absl::string_view bytes, uint32_t* code_point);

// Three significant digits: "512 B", "9.77 MiB", "10.0 KiB", "1.00 GiB".
std::string HumanBytes(uint64_t bytes);
// The same with a sign always: "+9.77 MiB", "-64 B", "+0 B".
std::string HumanSignedBytes(int64_t bytes);

// Plain decimal digits: "1024"; with a sign always: "+1000", "-3", "+0".
std::string HumanCount(uint64_t count);
std::string HumanSignedCount(int64_t count);

// Three significant digits: "840 ns", "3.81 ms", "12.0 s", "1 h 02 min".
std::string HumanDuration(uint64_t nanoseconds);

// "1 block", "2 blocks": `singular` with an s where count is not 1.
std::string Counted(uint64_t count, absl::string_view singular);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_BASE_TEXT_H_

// Fuzzes everything that reads what a user typed: HEAPLINE_OPTIONS in the shim
// (sizes, durations, signals and growths with it) and on the command line,
// --by, globs and --path-map. The input is one text; line breaks part it where
// a parser takes two.
//
// Parsers that look for the nearest word get words only, no pages: the distance
// is quadratic, and would be all that runs.
//
// Promises: a complaint is one printable line; every option is within its
// bounds whatever stands in the text; the two parsers of HEAPLINE_OPTIONS and
// the writer agree; a glob without meaning matches itself.
#include "preload/options.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/analysis/grouping.h"
#include "analyzer/base/edit_distance.h"
#include "analyzer/base/glob.h"
#include "analyzer/base/text.h"
#include "analyzer/command/options_text.h"
#include "analyzer/command/path_map.h"
#include "preload/option_values.h"
#include "tests/fuzz/fuzz_check.h"

namespace heapline {
namespace {

constexpr size_t kMostWordBytes = 24;

void CheckComplaint(const char* line) {
  const absl::string_view text(line);
  FUZZ_CHECK(text.substr(0, 18) == "HEAPLINE_OPTIONS: ",
             "a complaint says what it is about");
  for (const char byte : text) {
    FUZZ_CHECK(static_cast<unsigned char>(byte) >= ' ' && byte != 0x7f,
               "a complaint has no control characters");
  }
}

// What ParseOptions promises of every field.
void CheckBounds(const Options& options) {
  FUZZ_CHECK(std::memchr(options.out, 0, sizeof(options.out)) != nullptr,
             "texts end");
  FUZZ_CHECK(options.out[0] != 0, "there is always a place for snapshots");
  FUZZ_CHECK(options.near_limit < 100, "a share of a limit is below 100 %");
  FUZZ_CHECK(options.signal >= 0 && options.signal <= 64, "signals exist");
  FUZZ_CHECK(options.reserved_signal >= 1 && options.reserved_signal <= 64,
             "one signal is reserved");
  FUZZ_CHECK(options.signal != options.reserved_signal, "signals differ");
  FUZZ_CHECK(options.growth.bytes == 0 || options.growth.percent == 0,
             "a step is in bytes or in percent");
}

void FuzzShim(const std::string& text) {
  static Options options;
  ParseOptions(text.c_str(), &options, CheckComplaint);
  CheckBounds(options);
  const Text value = {text.data(), text.size()};
  uint64_t number = 0;
  GrowthStep step = {};
  int signal = 0;
  ParseCount(value, &number);
  ParseBytes(value, &number);
  ParseDuration(value, &number);
  ParseGrowth(value, &step);
  ParseSignal(value, &signal);
}

bool IsPrintable(absl::string_view text) {
  for (const char byte : text) {
    if (static_cast<unsigned char>(byte) < ' ' || byte == 0x7f) return false;
  }
  return true;
}

void FuzzOptionList(absl::string_view text) {
  const OptionList options = ParseOptionList(text);
  const std::string joined = JoinOptionList(options);
  FUZZ_CHECK(ParseOptionList(joined) == options,
             "a list that was put together is read as it was");
  const size_t checked = std::min<size_t>(options.size(), 2);
  for (size_t i = 0; i < checked; ++i) {
    const std::string& key = options[i].first;
    FUZZ_CHECK(FindOption(options, key) != nullptr, "what is there is found");
    if (key.size() > kMostWordBytes) continue;
    const absl::Status status = CheckOptionKey(key);
    FUZZ_CHECK(status.ok() || IsPrintable(status.message()),
               "an error has no control characters");
  }
}

void FuzzWords(const std::string& first, const std::string& second) {
  if (!IsGlob(first)) {
    FUZZ_CHECK(GlobMatches(first, second) == (first == second),
               "a pattern without signs matches itself alone");
  }
  GlobMatches(first, second);
  FUZZ_CHECK(GlobMatches("*", second), "* matches everything");
  if (first.size() <= kMostWordBytes) {
    const absl::StatusOr<Key> key = KeyByName(first);
    FUZZ_CHECK(!key.ok() || KeyName(*key) == first, "a key has one name");
  }
  SymbolizerOptions symbols;
  const absl::Status status = ReadPathMap({first, second}, &symbols);
  FUZZ_CHECK(status.ok() == (symbols.path_map.size() == 2),
             "two pairs were read, or one is complained of");
  FUZZ_CHECK(status.ok() || IsPrintable(status.message()),
             "an error has no control characters");
  if (first.size() + second.size() <= kMostWordBytes) {
    FUZZ_CHECK(EditDistance(first, second) == EditDistance(second, first),
               "a distance is the same both ways");
  }
  FUZZ_CHECK(IsPrintable(SafeText(first)), "safe text is printable");
}

}  // namespace
}  // namespace heapline

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // As long as the kernel gives one variable of the environment in practice.
  if (size > 8192) return -1;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const size_t line_end = std::min(text.find('\n'), text.size());
  const std::string first = text.substr(0, line_end);
  const std::string second =
      line_end == text.size() ? "" : text.substr(line_end + 1);
  heapline::FuzzShim(first);
  heapline::FuzzOptionList(second);
  heapline::FuzzWords(first, second);
  return 0;
}

// Fuzzes the reader of suppressions and the matcher with what it read. The
// input is a suppressions file; its own words make the stacks that are matched.
//
// Promises: a file is refused with an error that can be printed and names a
// line, or its suppressions are within bounds; the same stack meets the same
// suppression again, and every use is counted once.
#include "analyzer/analysis/suppressions.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/fuzz/fuzz_check.h"

namespace heapline {
namespace {

constexpr size_t kMostFrames = 12;

void CheckPrintable(absl::string_view text) {
  for (const char byte : text) {
    FUZZ_CHECK(static_cast<unsigned char>(byte) >= ' ' && byte != 0x7f,
               "an error has no control characters");
  }
}

// Frames out of the file's words, so that patterns and names are related.
std::vector<SuppressibleFrame> StackOf(absl::string_view text) {
  std::vector<SuppressibleFrame> stack;
  SuppressibleFrame frame;
  int part = 0;
  for (const absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(":\n *"), absl::SkipEmpty())) {
    (part == 0 ? frame.function : part == 1 ? frame.file : frame.module) = word;
    if (++part < 3) continue;
    part = 0;
    stack.push_back(frame);
    if (stack.size() == kMostFrames) break;
  }
  return stack;
}

uint64_t Uses(const Suppressions& suppressions) {
  uint64_t uses = 0;
  for (const Suppression& each : suppressions.all()) uses += each.use_count;
  return uses;
}

void FuzzFile(absl::string_view text) {
  absl::StatusOr<Suppressions> suppressions =
      Suppressions::TryParse(text, "fuzz.supp");
  if (!suppressions.ok()) {
    CheckPrintable(suppressions.status().message());
    FUZZ_CHECK(absl::StrContains(suppressions.status().message(), "fuzz.supp:"),
               "an error names its line");
    return;
  }
  for (const Suppression& each : suppressions->all()) {
    FUZZ_CHECK(!each.frames.empty() && each.line > 0,
               "a suppression has frames and a place");
    FUZZ_CHECK(each.is_block || each.frames.size() == 1,
               "a line is one pattern");
  }
  std::vector<SuppressibleFrame> stack = StackOf(text);
  uint64_t matches = 0;
  for (const LeakKinds kind : {kDirectLeak, kReachableBlock}) {
    const Suppression* const first = suppressions->Match(kind, stack);
    FUZZ_CHECK(suppressions->Match(kind, stack) == first,
               "the same stack meets the same suppression");
    matches += first == nullptr ? 0 : 2;
  }
  FUZZ_CHECK(Uses(*suppressions) == matches, "uses are counted once");
  suppressions->Match(kIndirectLeak, {});
}

}  // namespace
}  // namespace heapline

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  heapline::FuzzFile({reinterpret_cast<const char*>(data), size});
  return 0;
}

// suppressions.h: which leaks a user does not want to hear of, in the two
// forms that people have already:
//
//   LeakSanitizer's lines               valgrind memcheck's blocks
//     # a comment                         {
//     leak:libfoo.so                         a name
//     leak:^Parse*Header$                    Memcheck:Leak
//                                            match-leak-kinds: definite
//                                            fun:malloc
//                                            ...
//                                            obj:*/libfoo.so*
//                                         }
//
// A line matches where some frame's function, file or module contains its
// pattern (* any bytes, ^ and $ the ends). A block matches where its frames are
// the innermost of the stack, in order (* and ? within them, `...` any frames
// between). Blocks of other tools and other errors are passed over.
//
// Invariant: each use is counted on exactly one suppression, the first that
// matches. Texts are copied. Match counts: not thread-safe.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_SUPPRESSIONS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_SUPPRESSIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {

// Bits: a block may be for several.
enum LeakKinds : unsigned {
  kNoLeakKind = 0,
  kDirectLeak = 1,  // memcheck says "definite"
  kIndirectLeak = 2,
  kPossibleLeak = 4,
  kReachableBlock = 8,
  kAllLeakKinds = 15
};
// What reports call each, in the order of the bits.
absl::Span<const ValueWord> LeakKindWords();

// A frame of a call stack; the texts are used during Match only.
struct SuppressibleFrame {
  absl::string_view function;  // demangled
  absl::string_view file;
  absl::string_view module;
};

// What stands for a frame in a suppression.
struct FramePattern {
  enum Part { kAnyPart, kFunction, kFile, kModule, kAnyFrames } part;
  std::string glob;  // of glob.h; "" for kAnyFrames
};

struct Suppression {
  std::string name;  // the line's pattern, or the block's name
  size_t line = 0;   // where it begins in the file
  unsigned kinds = kAllLeakKinds;
  bool is_block = false;  // frames in order; else its one frame anywhere
  std::vector<FramePattern> frames;
  uint64_t use_count = 0;
};

class Suppressions {
 public:
  // The first line that is neither form is an error that names it and, where
  // one is near, the right keyword. `name` stands in messages.
  static absl::StatusOr<Suppressions> TryParse(absl::string_view text,
                                               absl::string_view name);
  static absl::StatusOr<Suppressions> TryRead(const std::string& path);

  // Adds those of another file, behind these.
  void Append(Suppressions others);

  // The first that matches, its use counted; nullptr where none does. `stack`
  // is innermost first, `kind` one of LeakKinds.
  const Suppression* Match(LeakKinds kind,
                           absl::Span<const SuppressibleFrame> stack);

  const std::vector<Suppression>& all() const { return all_; }

 private:
  std::vector<Suppression> all_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_SUPPRESSIONS_H_

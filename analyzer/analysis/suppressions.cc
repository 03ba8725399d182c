// Matching: which suppression a call stack meets. Reading them is
// suppressions_parser.cc.
#include "analyzer/analysis/suppressions.h"

#include <iterator>
#include <utility>

#include "analyzer/base/glob.h"

namespace heapline {
namespace {

constexpr ValueWord kLeakKinds[] = {{kDirectLeak, "direct"},
                                    {kIndirectLeak, "indirect"},
                                    {kPossibleLeak, "possible"},
                                    {kReachableBlock, "reachable"}};

// The functions that memcheck puts innermost, and our stacks do not hold.
constexpr absl::string_view kAllocators[] = {
    "malloc",
    "calloc",
    "realloc",
    "reallocarray",
    "memalign",
    "posix_memalign",
    "aligned_alloc",
    "valloc",
    "pvalloc",
    "operator new(unsigned long)",
    "operator new[](unsigned long)",
    "operator new(unsigned long, std::nothrow_t const&)",
    "operator new[](unsigned long, std::nothrow_t const&)",
    "operator new(unsigned long, std::align_val_t)",
    "operator new[](unsigned long, std::align_val_t)"};

bool MatchesFrame(const FramePattern& pattern, const SuppressibleFrame& frame) {
  switch (pattern.part) {
    case FramePattern::kAnyPart:
      return GlobMatches(pattern.glob, frame.function) ||
             GlobMatches(pattern.glob, frame.file) ||
             GlobMatches(pattern.glob, frame.module);
    case FramePattern::kFunction:
      return GlobMatches(pattern.glob, frame.function);
    case FramePattern::kFile:
      return GlobMatches(pattern.glob, frame.file);
    case FramePattern::kModule:
      return GlobMatches(pattern.glob, frame.module);
    case FramePattern::kAnyFrames:
      break;
  }
  return true;
}

bool NamesAllocator(const FramePattern& pattern) {
  if (pattern.part != FramePattern::kFunction) return false;
  for (const absl::string_view allocator : kAllocators) {
    if (GlobMatches(pattern.glob, allocator)) return true;
  }
  return false;
}

// Whether the patterns match the innermost frames, in order. As GlobMatches,
// with frames for bytes: after a miss the last `...` takes one frame more.
bool MatchesInOrder(absl::Span<const FramePattern> patterns,
                    absl::Span<const SuppressibleFrame> stack) {
  constexpr size_t kNone = static_cast<size_t>(-1);
  size_t p = 0;
  size_t f = 0;
  size_t after_gap = kNone;
  size_t gap_end = 0;
  while (p < patterns.size()) {
    if (patterns[p].part == FramePattern::kAnyFrames) {
      after_gap = ++p;
      gap_end = f;
    } else if (f < stack.size() && MatchesFrame(patterns[p], stack[f])) {
      ++p;
      ++f;
    } else if (after_gap != kNone && gap_end < stack.size()) {
      p = after_gap;
      f = ++gap_end;
    } else {
      return false;
    }
  }
  return true;
}

bool MatchesStack(const Suppression& suppression,
                  absl::Span<const SuppressibleFrame> stack) {
  const absl::Span<const FramePattern> patterns = suppression.frames;
  if (!suppression.is_block) {
    for (const SuppressibleFrame& frame : stack) {
      if (MatchesFrame(patterns[0], frame)) return true;
    }
    return false;
  }
  return MatchesInOrder(patterns, stack) ||
         (NamesAllocator(patterns[0]) &&
          MatchesInOrder(patterns.subspan(1), stack));
}

}  // namespace

absl::Span<const ValueWord> LeakKindWords() { return kLeakKinds; }

void Suppressions::Append(Suppressions others) {
  all_.insert(all_.end(), std::make_move_iterator(others.all_.begin()),
              std::make_move_iterator(others.all_.end()));
}

const Suppression* Suppressions::Match(
    LeakKinds kind, absl::Span<const SuppressibleFrame> stack) {
  for (Suppression& suppression : all_) {
    if ((suppression.kinds & kind) == 0) continue;
    if (!MatchesStack(suppression, stack)) continue;
    ++suppression.use_count;
    return &suppression;
  }
  return nullptr;
}

}  // namespace heapline

#include "analyzer/analysis/filter.h"

namespace heapline {

FrameFilter::FrameFilter(const CallStacks* stacks, const FilterGlobs& globs)
    : stacks_(stacks), globs_(globs) {}

FrameFilter::Verdict FrameFilter::VerdictOf(FrameId frame) {
  if (known_.size() < stacks_->frame_count()) {
    known_.resize(stacks_->frame_count(), -1);
  }
  signed char& known = known_[Index(frame)];
  if (known < 0) {
    const SourceFrame& source = stacks_->Frame(frame).source;
    const bool is_included =
        globs_.include.empty() || MatchesAny(globs_.include, source);
    const bool is_excluded = MatchesAny(globs_.exclude, source);
    known =
        static_cast<signed char>((is_included ? 1 : 0) | (is_excluded ? 2 : 0));
  }
  return {(known & 1) != 0, (known & 2) != 0};
}

bool FrameFilter::PassesFrame(FrameId frame) {
  const Verdict verdict = VerdictOf(frame);
  return verdict.is_included && !verdict.is_excluded;
}

bool FrameFilter::PassesStack(StackId stack) {
  bool is_included = globs_.include.empty();
  for (; stack != kEmptyStack; stack = stacks_->Parent(stack)) {
    const Verdict verdict = VerdictOf(stacks_->Innermost(stack));
    if (verdict.is_excluded) return false;
    is_included = is_included || verdict.is_included;
  }
  return is_included;
}

}  // namespace heapline

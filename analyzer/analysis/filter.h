// filter.h: --include and --exclude: which stacks a report counts. A glob is
// matched as in stack_frame.h. The frame is the one charged with the blocks;
// for whole stacks (--by stack, --cumulative) any frame will do. Blocks left
// out are in no row and not in the total; a note says how many there are. Not
// thread-safe (remembers answers by frame).
#ifndef HEAPLINE_ANALYZER_ANALYSIS_FILTER_H_
#define HEAPLINE_ANALYZER_ANALYSIS_FILTER_H_

#include <string>
#include <vector>

#include "analyzer/analysis/call_stacks.h"

namespace heapline {

struct FilterGlobs {
  std::vector<std::string> include;  // none: all
  std::vector<std::string> exclude;  // wins over include
  bool is_empty() const { return include.empty() && exclude.empty(); }
};

class FrameFilter {
 public:
  // `stacks` must outlive the filter.
  FrameFilter(const CallStacks* stacks, const FilterGlobs& globs);

  bool PassesFrame(FrameId frame);
  // Some frame is included (or nothing need be) and none is excluded.
  bool PassesStack(StackId stack);

 private:
  struct Verdict {
    bool is_included = false;
    bool is_excluded = false;
  };
  Verdict VerdictOf(FrameId frame);

  const CallStacks* stacks_;
  FilterGlobs globs_;
  std::vector<signed char> known_;  // by FrameId: -1 unknown, else bits
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_FILTER_H_

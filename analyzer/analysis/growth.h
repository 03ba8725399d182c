// growth.h: what grew between two heaps, by key. Keys are compared by their
// text, so the heaps may come from different runs of a program.
// Pure functions over their arguments.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_GROWTH_H_
#define HEAPLINE_ANALYZER_ANALYSIS_GROWTH_H_

#include "analyzer/analysis/heap_rows.h"

namespace heapline {

// Rows of both heaps, largest absolute growth first. REQUIRES: both were
// added to the same `stacks`.
HeapRows GrowthByKey(const HeapByStack& older, const HeapByStack& newer,
                     CallStacks* stacks, const HeapRowOptions& options);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_GROWTH_H_

// row_builder.h: what RowsByKey and GrowthByKey share: amounts by stack to
// unsorted rows by key. Used by analysis/ only. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_ROW_BUILDER_H_
#define HEAPLINE_ANALYZER_ANALYSIS_ROW_BUILDER_H_

#include <cstdint>
#include <vector>

#include "analyzer/analysis/heap_rows.h"

namespace heapline {

// By which number a key's heaviest stack is chosen.
enum class Weight { kLiveBytes, kAbsoluteGrowth };

// Rows of every key that has any amount, in no order; SortRows must follow.
// `older` may be empty.
HeapRows BuildRows(const HeapByStack& older, const HeapByStack& newer,
                   Weight weight, CallStacks* stacks,
                   const HeapRowOptions& options);

// Sorts by value descending, then by key. values[i] belongs to rows->rows[i].
void SortRows(const std::vector<int64_t>& values, const CallStacks& stacks,
              HeapRows* rows);

// |value|, right for the least value too.
uint64_t Magnitude(int64_t value);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_ROW_BUILDER_H_

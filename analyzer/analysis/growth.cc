#include "analyzer/analysis/growth.h"

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "analyzer/analysis/row_builder.h"

namespace heapline {
HeapRows GrowthByKey(const HeapByStack& older, const HeapByStack& newer,
                     CallStacks* stacks, const HeapRowOptions& options) {
  HeapRows result =
      BuildRows(older, newer, Weight::kAbsoluteGrowth, stacks, options);
  std::vector<int64_t> values;
  for (const HeapRow& row : result.rows) {
    values.push_back(std::abs(SortValue(row.growth, options.sort)));
  }
  SortRows(values, *stacks, &result);
  return result;
}

}  // namespace heapline

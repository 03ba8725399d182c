#include "analyzer/analysis/growth.h"

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "analyzer/analysis/row_builder.h"

namespace heapline {
namespace {

int64_t SortValue(const HeapRow& row, SortBy sort) {
  switch (sort) {
    case SortBy::kCount:
      return std::abs(row.growth.live_count);
    case SortBy::kTotal:
      return std::abs(row.growth.total_bytes);
    case SortBy::kTemporary:
      return std::abs(row.growth.temporary_count);
    case SortBy::kBytes:
      break;
  }
  return std::abs(row.growth.live_bytes);
}

}  // namespace

HeapRows GrowthByKey(const HeapByStack& older, const HeapByStack& newer,
                     CallStacks* stacks, const HeapRowOptions& options) {
  HeapRows result = BuildRows(older.by_stack, newer.by_stack,
                              Weight::kAbsoluteGrowth, stacks, options);
  std::vector<int64_t> values;
  for (const HeapRow& row : result.rows) {
    values.push_back(SortValue(row, options.sort));
  }
  SortRows(values, *stacks, &result.rows);
  return result;
}

}  // namespace heapline

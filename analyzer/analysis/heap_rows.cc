#include "analyzer/analysis/heap_rows.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "analyzer/analysis/node_amounts.h"
#include "analyzer/analysis/row_builder.h"

namespace heapline {
namespace {

void AddAmounts(HeapByStack* heap, StackId stack, const Amounts& amounts) {
  if (heap->by_stack.size() <= Index(stack)) {
    heap->by_stack.resize(Index(stack) + 1);
  }
  heap->by_stack[Index(stack)] += amounts;
}

}  // namespace

int64_t SortValue(const Amounts& amounts, SortBy sort) {
  switch (sort) {
    case SortBy::kCount:
      return amounts.live_count;
    case SortBy::kTotal:
      return amounts.total_bytes;
    case SortBy::kTemporary:
      return amounts.temporary_count;
    case SortBy::kBytes:
      break;
  }
  return amounts.live_bytes;
}

void AddSnapshot(const Snapshot& snapshot, CallStacks* stacks,
                 HeapByStack* heap) {
  const NodeAmounts amounts = AmountsByNode(snapshot);
  std::vector<bool> is_wanted(amounts.by_node.size());
  for (size_t node = 0; node < is_wanted.size(); ++node) {
    is_wanted[node] = !amounts.by_node[node].is_zero();
  }
  const std::vector<StackId> stack_of = stacks->Add(snapshot, is_wanted);
  Amounts without_stack = amounts.unaccounted;
  for (size_t node = 0; node < is_wanted.size(); ++node) {
    if (!is_wanted[node]) continue;
    if (stack_of[node] == kEmptyStack) {  // the root itself
      without_stack += amounts.by_node[node];
    } else {
      AddAmounts(heap, stack_of[node], amounts.by_node[node]);
    }
  }
  if (!without_stack.is_zero()) {
    AddAmounts(heap, stacks->AddSpecial(kUnaccountedKey), without_stack);
  }
  heap->sample_mean_bytes =
      std::max(heap->sample_mean_bytes, amounts.sample_mean_bytes);
}

HeapRows RowsByKey(const HeapByStack& heap, CallStacks* stacks,
                   const HeapRowOptions& options) {
  HeapRows result =
      BuildRows({}, heap.by_stack, Weight::kLiveBytes, stacks, options);
  std::vector<int64_t> values;
  for (const HeapRow& row : result.rows) {
    values.push_back(SortValue(row.newer, options.sort));
  }
  SortRows(values, *stacks, &result.rows);
  return result;
}

}  // namespace heapline

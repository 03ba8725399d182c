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

// Of one call-tree node.
using AmountsByType = absl::flat_hash_map<TypeId, Amounts>;

// Live amounts by node and type, of objects whose type is known.
absl::flat_hash_map<uint32_t, AmountsByType> TypedAmounts(
    const ObjectGraph& graph, const ObjectTypes& types) {
  absl::flat_hash_map<uint32_t, AmountsByType> typed;
  for (Vertex v = 0; v < graph.size(); ++v) {
    const TypeId type = types.Of(v);
    if (type == 0 || graph.IsContainer(v)) continue;
    Amounts& amounts = typed[Index(graph.CallNode(v))][type];
    amounts.live_bytes += static_cast<int64_t>(graph.Bytes(v));
    ++amounts.live_count;
  }
  return typed;
}

// Takes what types tell of out of `node`; what was ever allocated goes with
// those that have most of the live bytes.
void TakeTyped(Amounts* node, AmountsByType* typed) {
  for (const auto& [type, amounts] : *typed) *node -= amounts;
  TypeId most = 0;
  int64_t most_bytes = node->live_bytes;
  for (const auto& [type, amounts] : *typed) {
    const bool is_first = amounts.live_bytes == most_bytes && type < most;
    if (amounts.live_bytes > most_bytes || is_first) {
      most = type;
      most_bytes = amounts.live_bytes;
    }
  }
  if (most == 0) return;
  Amounts ever = *node;
  ever.live_bytes = ever.live_count = 0;
  *node -= ever;
  (*typed)[most] += ever;
}

std::vector<StackId> AddNodes(
    const Snapshot& snapshot, const ObjectTypes* types,
    absl::flat_hash_map<uint32_t, AmountsByType> typed, CallStacks* stacks,
    HeapByStack* heap) {
  NodeAmounts amounts = AmountsByNode(snapshot);
  std::vector<bool> is_wanted(amounts.by_node.size());
  for (size_t node = 0; node < is_wanted.size(); ++node) {
    is_wanted[node] = !amounts.by_node[node].is_zero();
  }
  const std::vector<StackId> stack_of = stacks->Add(snapshot, is_wanted);
  Amounts without_stack = amounts.unaccounted;
  for (auto& [node, by_type] : typed) {
    const StackId stack = stack_of[node];
    if (stack == kEmptyStack) continue;
    TakeTyped(&amounts.by_node[node], &by_type);
    for (const auto& [type, of_type] : by_type) {
      heap->by_type[{stack, types->names[type]}] += of_type;
    }
  }
  for (size_t node = 0; node < is_wanted.size(); ++node) {
    if (amounts.by_node[node].is_zero()) continue;
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
  return stack_of;
}

}  // namespace

void HeapByStack::Add(const HeapByStack& other) {
  by_stack.resize(std::max(by_stack.size(), other.by_stack.size()));
  for (size_t stack = 0; stack < other.by_stack.size(); ++stack) {
    by_stack[stack] += other.by_stack[stack];
  }
  for (const auto& [stack_and_type, amounts] : other.by_type) {
    by_type[stack_and_type] += amounts;
  }
  sample_mean_bytes = std::max(sample_mean_bytes, other.sample_mean_bytes);
}

std::vector<StackId> AddSnapshot(const Snapshot& snapshot, CallStacks* stacks,
                                 HeapByStack* heap) {
  return AddNodes(snapshot, nullptr, {}, stacks, heap);
}

std::vector<StackId> AddSnapshotByType(const Snapshot& snapshot,
                                       const ObjectGraph& graph,
                                       const ObjectTypes& types,
                                       CallStacks* stacks, HeapByStack* heap) {
  return AddNodes(snapshot, &types, TypedAmounts(graph, types), stacks, heap);
}

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

uint32_t HeapRows::RowOf(StackId stack, const std::string& type) const {
  if (!row_of_type.empty() && !type.empty()) {
    const auto row = row_of_type.find({stack, type});
    if (row != row_of_type.end()) return row->second;
  }
  return Index(stack) < row_of_stack.size() ? row_of_stack[Index(stack)]
                                            : kNoRow;
}

HeapRows RowsByKey(const HeapByStack& heap, CallStacks* stacks,
                   const HeapRowOptions& options) {
  HeapRows result = BuildRows({}, heap, Weight::kLiveBytes, stacks, options);
  std::vector<int64_t> values;
  for (const HeapRow& row : result.rows) {
    values.push_back(SortValue(row.newer, options.sort));
  }
  SortRows(values, *stacks, &result);
  return result;
}

}  // namespace heapline

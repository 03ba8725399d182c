#include "analyzer/analysis/node_amounts.h"

#include <algorithm>
#include <cstddef>

#include "analyzer/analysis/sampling.h"

namespace heapline {
namespace {

void AddExactBlocks(const Snapshot& snapshot, std::vector<Amounts>* by_node) {
  // Two numbers a node, not all five: nodes come in no order, and the less
  // memory they touch the more of it is in the cache.
  struct Live {
    uint64_t bytes = 0;
    uint64_t count = 0;
  };
  std::vector<Live> live(by_node->size());
  ForEachCountedBlock(snapshot, [&live](const BlockColumns& blocks, size_t i) {
    Live& node = live[Index(blocks.node[i])];
    node.bytes += blocks.requested_bytes[i];
    ++node.count;
  });
  for (size_t node = 0; node < live.size(); ++node) {
    (*by_node)[node].live_bytes = static_cast<int64_t>(live[node].bytes);
    (*by_node)[node].live_count = static_cast<int64_t>(live[node].count);
  }
}

void AddEstimatedBlocks(const Snapshot& snapshot, uint64_t mean_bytes,
                        std::vector<Amounts>* by_node) {
  std::vector<double> bytes(by_node->size());
  std::vector<double> counts(by_node->size());
  uint64_t last_size = 0;  // programs allocate runs of one size
  double stands_for = BlocksStoodFor(last_size, mean_bytes);
  ForEachCountedBlock(snapshot, [&](const BlockColumns& blocks, size_t i) {
    const uint64_t size = blocks.requested_bytes[i];
    if (size != last_size) {
      last_size = size;
      stands_for = BlocksStoodFor(size, mean_bytes);
    }
    const uint32_t node = Index(blocks.node[i]);
    bytes[node] += static_cast<double>(size) * stands_for;
    counts[node] += stands_for;
  });
  const std::vector<int64_t> whole_bytes = RoundByLargestRemainder(bytes);
  const std::vector<int64_t> whole_counts = RoundByLargestRemainder(counts);
  for (size_t node = 0; node < by_node->size(); ++node) {
    (*by_node)[node].live_bytes = whole_bytes[node];
    (*by_node)[node].live_count = whole_counts[node];
  }
}

void AddCounters(const CounterColumns& counters,
                 std::vector<Amounts>* by_node) {
  const auto at = [](const std::vector<uint64_t>& column, size_t node) {
    return node < column.size() ? static_cast<int64_t>(column[node]) : 0;
  };
  for (size_t node = 0; node < by_node->size(); ++node) {
    Amounts& amounts = (*by_node)[node];
    amounts.total_bytes = at(counters.total_bytes, node);
    amounts.total_count = at(counters.total_count, node);
    amounts.temporary_count = at(counters.temporary_count, node);
  }
}

// Counters of a sampled heap count sampled blocks only. Their sizes are not
// known one by one, so a node's blocks are taken to be of its average size.
void ScaleCounters(uint64_t mean_bytes, std::vector<Amounts>* by_node) {
  std::vector<double> bytes(by_node->size());
  std::vector<double> counts(by_node->size());
  std::vector<double> temporary(by_node->size());
  for (size_t node = 0; node < by_node->size(); ++node) {
    const Amounts& amounts = (*by_node)[node];
    if (amounts.total_count <= 0) continue;
    const double stands_for = BlocksStoodFor(
        static_cast<uint64_t>(amounts.total_bytes / amounts.total_count),
        mean_bytes);
    bytes[node] = static_cast<double>(amounts.total_bytes) * stands_for;
    counts[node] = static_cast<double>(amounts.total_count) * stands_for;
    temporary[node] = static_cast<double>(amounts.temporary_count) * stands_for;
  }
  const std::vector<int64_t> whole_bytes = RoundByLargestRemainder(bytes);
  const std::vector<int64_t> whole_counts = RoundByLargestRemainder(counts);
  const std::vector<int64_t> whole_temporary =
      RoundByLargestRemainder(temporary);
  for (size_t node = 0; node < by_node->size(); ++node) {
    (*by_node)[node].total_bytes = whole_bytes[node];
    (*by_node)[node].total_count = whole_counts[node];
    (*by_node)[node].temporary_count = whole_temporary[node];
  }
}

// stated - found, or 0 where the snapshot states nothing.
int64_t Missing(const Snapshot& snapshot, PropertyId id, int64_t found) {
  const auto row = snapshot.properties.find(static_cast<uint32_t>(id));
  if (row == snapshot.properties.end()) return 0;
  return static_cast<int64_t>(row->second.number) - found;
}

Amounts Unaccounted(const Snapshot& snapshot, const Amounts& found) {
  Amounts missing;
  missing.live_bytes =
      Missing(snapshot, PropertyId::live_bytes, found.live_bytes);
  missing.live_count =
      Missing(snapshot, PropertyId::live_count, found.live_count);
  missing.total_bytes =
      Missing(snapshot, PropertyId::total_bytes, found.total_bytes);
  missing.total_count =
      Missing(snapshot, PropertyId::total_count, found.total_count);
  missing.temporary_count =
      Missing(snapshot, PropertyId::temporary_count, found.temporary_count);
  return missing;
}

}  // namespace

NodeAmounts AmountsByNode(const Snapshot& snapshot) {
  NodeAmounts result;
  result.sample_mean_bytes = NumberOf(snapshot, PropertyId::sample_mean_bytes);
  result.by_node.resize(snapshot.nodes.size());
  AddCounters(snapshot.counters, &result.by_node);
  if (result.sample_mean_bytes > 0) {
    ScaleCounters(result.sample_mean_bytes, &result.by_node);
    AddEstimatedBlocks(snapshot, result.sample_mean_bytes, &result.by_node);
    return result;
  }
  AddExactBlocks(snapshot, &result.by_node);
  Amounts found;
  for (const Amounts& amounts : result.by_node) found += amounts;
  result.unaccounted = Unaccounted(snapshot, found);
  return result;
}

Amounts ProcessTotals(const Snapshot& snapshot) {
  const auto number = [&snapshot](PropertyId id) {
    return static_cast<int64_t>(NumberOf(snapshot, id));
  };
  Amounts totals;
  totals.live_bytes = number(PropertyId::live_bytes);
  totals.live_count = number(PropertyId::live_count);
  totals.total_bytes = number(PropertyId::total_bytes);
  totals.total_count = number(PropertyId::total_count);
  totals.temporary_count = number(PropertyId::temporary_count);
  return totals;
}

}  // namespace heapline

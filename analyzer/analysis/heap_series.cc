#include "analyzer/analysis/heap_series.h"

#include <algorithm>
#include <string>
#include <utility>

#include "analyzer/analysis/node_amounts.h"
#include "analyzer/analysis/row_builder.h"

namespace heapline {
namespace {

constexpr uint64_t kLastEpoch = UINT16_MAX;  // it never ends

// Calls visit(stack, type, amounts); type is "" for those of none.
template <typename Visit>
void ForEachStack(const HeapByStack& heap, Visit visit) {
  for (size_t stack = 1; stack < heap.by_stack.size(); ++stack) {
    visit(StackId(stack), "", heap.by_stack[stack]);
  }
  for (const auto& [stack_and_type, amounts] : heap.by_type) {
    visit(stack_and_type.first, stack_and_type.second, amounts);
  }
}

}  // namespace

void HeapSeries::AddOld(const Snapshot& snapshot,
                        const std::vector<StackId>& stack_of_node,
                        Heap* heap) const {
  std::vector<uint64_t> newest_epochs;  // that are that old
  for (const size_t age : ages_) {
    if (age > heaps_.size()) break;
    newest_epochs.push_back(heaps_[heaps_.size() - age].epoch);
  }
  const size_t ages = newest_epochs.size();
  if (ages == 0) return;
  std::vector<SeriesPoint> by_node(stack_of_node.size() * ages);
  ForEachCountedBlock(snapshot, [&](const BlockColumns& blocks, size_t i) {
    SeriesPoint* const node = &by_node[Index(blocks.node[i]) * ages];
    for (size_t age = 0; age < ages; ++age) {
      if (blocks.epoch[i] > newest_epochs[age]) break;
      node[age].bytes += static_cast<int64_t>(blocks.requested_bytes[i]);
      ++node[age].count;
    }
  });
  for (size_t node = 0; node < stack_of_node.size(); ++node) {
    const SeriesPoint* const points = &by_node[node * ages];
    if (points[0].count == 0) continue;
    std::vector<SeriesPoint>& old = heap->old[stack_of_node[node]];
    old.resize(ages_.size());
    for (size_t age = 0; age < ages; ++age) {
      old[age].bytes += points[age].bytes;
      old[age].count += points[age].count;
    }
  }
}

void HeapSeries::Add(const Snapshot& snapshot, HeapByStack heap,
                     const std::vector<StackId>& stack_of_node) {
  const uint64_t pid = NumberOf(snapshot, PropertyId::pid);
  const uint64_t start_time_ns = NumberOf(snapshot, PropertyId::start_time_ns);
  if (heaps_.empty()) {
    pid_ = pid;
    start_time_ns_ = start_time_ns;
  }
  const bool has_epochs_left =
      heaps_.empty() || heaps_.back().epoch < kLastEpoch;
  tells_old_ = tells_old_ && has_epochs_left && heap.sample_mean_bytes == 0 &&
               heap.by_type.empty() && pid == pid_ &&
               start_time_ns == start_time_ns_;
  Heap added;
  added.epoch = NumberOf(snapshot, PropertyId::epoch);
  added.all = std::move(heap);
  if (tells_old_) AddOld(snapshot, stack_of_node, &added);
  heaps_.push_back(std::move(added));
}

SeriesRows HeapSeries::Rows(CallStacks* stacks,
                            const HeapRowOptions& options) const {
  HeapByStack sum;
  for (const Heap& heap : heaps_) sum.Add(heap.all);
  SeriesRows result;
  HeapRows& rows = result.rows;
  rows = BuildRows({}, sum, Weight::kLiveBytes, stacks, options);
  KeySeries nothing;
  nothing.live.resize(heaps_.size());
  for (size_t age = 0; tells_old_ && age < ages_.size(); ++age) {
    nothing.old.emplace_back(heaps_.size() -
                             std::min(ages_[age], heaps_.size()));
  }
  result.series.assign(rows.rows.size(), nothing);
  rows.newer = rows.growth = rows.filtered_out = {};
  for (HeapRow& row : rows.rows) row.newer = row.growth = {};
  for (size_t at = 0; at < heaps_.size(); ++at) {
    const bool is_last = at + 1 == heaps_.size();
    ForEachStack(heaps_[at].all, [&](StackId stack, const std::string& type,
                                     const Amounts& amounts) {
      const uint32_t row = rows.RowOf(stack, type);
      if (row == HeapRows::kNoRow) {
        if (is_last) rows.filtered_out += amounts;
        return;
      }
      SeriesPoint& point = result.series[row].live[at];
      point.bytes += amounts.live_bytes;
      point.count += amounts.live_count;
      if (at == 0) {
        rows.growth -= amounts;
        rows.rows[row].growth -= amounts;
      }
      if (is_last) {
        rows.newer += amounts;
        rows.growth += amounts;
        rows.rows[row].newer += amounts;
        rows.rows[row].growth += amounts;
      }
    });
    if (!tells_old_) continue;
    for (const auto& [stack, old] : heaps_[at].old) {
      const uint32_t row = rows.RowOf(stack, "");
      if (row == HeapRows::kNoRow) continue;
      for (size_t age = 0; age < ages_.size() && ages_[age] <= at; ++age) {
        SeriesPoint& point = result.series[row].old[age][at - ages_[age]];
        point.bytes += old[age].bytes;
        point.count += old[age].count;
      }
    }
  }
  return result;
}

}  // namespace heapline

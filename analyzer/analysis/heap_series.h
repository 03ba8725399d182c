// heap_series.h: what each key held in every snapshot of a series, first to
// last, and how much of it is old: was live already at a snapshot some way
// back. What lives shortly is never old, so of a leak the old blocks rise
// steadily where all live blocks come and go.
//
// Snapshots are added one after the other and may be dropped then; memory is
// some 100 bytes a stack and snapshot that holds it.
// Not thread-safe.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_HEAP_SERIES_H_
#define HEAPLINE_ANALYZER_ANALYSIS_HEAP_SERIES_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/analysis/call_stacks.h"
#include "analyzer/analysis/heap_rows.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

struct SeriesPoint {
  int64_t bytes = 0;
  int64_t count = 0;
};

// One key.
struct KeySeries {
  std::vector<SeriesPoint> live;  // a point for each snapshot
  // By age, in the order asked for: of what is live what was so that many
  // snapshots back; from the first snapshot on that has one so far back. Empty
  // where it is not known.
  std::vector<std::vector<SeriesPoint>> old;
};

// The keys that held anything in any snapshot. At each snapshot their points
// sum to what the filter lets through.
struct SeriesRows {
  // In no order. `newer` is the last snapshot's, `growth` from the first to the
  // last; a heaviest stack is that of most live bytes over the whole series.
  HeapRows rows;
  std::vector<KeySeries> series;  // index = HeapRow::id

  const KeySeries& Of(const HeapRow& row) const {
    return series[Index(row.id)];
  }
};

class HeapSeries {
 public:
  // `ages`: ascending, each 1 or more.
  explicit HeapSeries(std::vector<size_t> ages) : ages_(std::move(ages)) {}

  // The next snapshot: `heap` holds it alone, `stack_of_node` is what adding it
  // gave.
  void Add(const Snapshot& snapshot, HeapByStack heap,
           const std::vector<StackId>& stack_of_node);

  size_t size() const { return heaps_.size(); }

  // Epochs tell what is old, in one process and where every block is known;
  // of types they do not.
  bool TellsOld() const { return tells_old_; }

  // REQUIRES: one snapshot or more, rows that are not cumulative.
  SeriesRows Rows(CallStacks* stacks, const HeapRowOptions& options) const;

 private:
  struct Heap {
    HeapByStack all;
    uint64_t epoch = 0;  // that the snapshot ended
    // By stack: a point for each of ages_. Stacks without old blocks are left
    // out.
    absl::flat_hash_map<StackId, std::vector<SeriesPoint>> old;
  };

  void AddOld(const Snapshot& snapshot,
              const std::vector<StackId>& stack_of_node, Heap* heap) const;

  std::vector<size_t> ages_;
  std::vector<Heap> heaps_;
  uint64_t pid_ = 0;
  uint64_t start_time_ns_ = 0;
  bool tells_old_ = true;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_HEAP_SERIES_H_

// heap_side.h: what a heap report reads from its FILE arguments: one heap by
// symbolized stack, and by type where rows are types, which several snapshots
// may have been added to, the exact totals beside it, and what must be said of
// it. Snapshots are read one after the other and dropped, so memory is that of
// the largest.
//
// Invariant: without sampling the amounts of `heap` sum to `exact`.
// Not thread-safe.
#ifndef HEAPLINE_ANALYZER_REPORT_HEAP_SIDE_H_
#define HEAPLINE_ANALYZER_REPORT_HEAP_SIDE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "analyzer/analysis/call_stacks.h"
#include "analyzer/analysis/heap_rows.h"
#include "analyzer/report/document.h"
#include "analyzer/report/report_request.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

struct HeapSide {
  HeapByStack heap;
  Amounts exact;  // the tracers' own counters, summed
  int64_t peak_bytes = 0;
  std::vector<SnapshotName> snapshots;
  std::vector<std::string> notes;
};

// Reads the snapshot at `path` and adds it to `side`.
absl::Status AddFile(const std::string& path, const ReportRequest& request,
                     CallStacks* stacks, HeapSide* side);
// Adds a snapshot; the result is the stack of each node that holds anything.
std::vector<StackId> AddRead(const Snapshot& snapshot,
                             const ReportRequest& request, CallStacks* stacks,
                             HeapSide* side);

// Names a snapshot in a report.
SnapshotName NameOf(const Snapshot& snapshot);

// "damaged, the sound part is used: …", or "" for a whole one.
std::string DamageNote(const Snapshot& snapshot);

// "process": exact totals, and the estimate's where the heap was sampled.
Aside TotalsAside(const std::string& name, const HeapSide& side,
                  const Amounts& row_total);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_HEAP_SIDE_H_

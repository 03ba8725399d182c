// series_side.h: what a report over a series reads from its FILE arguments: the
// snapshots of one program in the order in which they were cut, by key and as
// totals.
//
// Invariant: all were traced alike, by the same build of the program, and each
// was cut after the one before; a series that is not so is an error that names
// the two files and the cure. Memory is that of the first and the last snapshot
// and of what HeapSeries keeps of the others.
// Not thread-safe.
#ifndef HEAPLINE_ANALYZER_REPORT_SERIES_SIDE_H_
#define HEAPLINE_ANALYZER_REPORT_SERIES_SIDE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "analyzer/analysis/call_stacks.h"
#include "analyzer/analysis/heap_series.h"
#include "analyzer/report/document.h"
#include "analyzer/report/graph_side.h"
#include "analyzer/report/heap_side.h"
#include "analyzer/report/kept_by.h"
#include "analyzer/report/report_request.h"

namespace heapline {

// One snapshot's totals.
struct SeriesCut {
  uint64_t time_ns = 0;  // since the Unix epoch
  uint64_t round = 0;    // heapline_round() calls by then
  int64_t live_bytes = 0;
  int64_t live_count = 0;
  int64_t rss_bytes = 0;  // 0 where the snapshot has no mappings
};

struct SeriesSide {
  HeapSeries series{{}};
  std::vector<SeriesCut> cuts;
  HeapSide newest;  // the last snapshot
  std::vector<SnapshotName> snapshots;
  std::vector<std::string> notes;
  // Who keeps what grew; none where the last snapshot has no graph.
  KnownBlocks first;
  std::unique_ptr<GraphSide> last;
};

// Of one directory the snapshots of the one process in it that left `least` or
// more; else the files as given. `doing` names the report in errors.
absl::StatusOr<std::vector<std::string>> FilesOfSeries(
    const std::vector<std::string>& arguments, size_t least,
    const std::string& doing);

absl::Status ReadSeries(const std::vector<std::string>& files,
                        const ReportRequest& request, Symbolizer* symbolizer,
                        CallStacks* stacks, SeriesSide* side);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_SERIES_SIDE_H_

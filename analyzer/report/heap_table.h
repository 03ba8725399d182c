// heap_table.h: the table of `top` and `diff` from heap rows: columns, cells,
// each row's text in tracemalloc's order, and the footer that accounts for
// rows not shown.
//
// Invariant: shown rows + rows left out = total, number by number, except with
// --cumulative. Pure functions.
#ifndef HEAPLINE_ANALYZER_REPORT_HEAP_TABLE_H_
#define HEAPLINE_ANALYZER_REPORT_HEAP_TABLE_H_

#include <string>
#include <vector>

#include "analyzer/analysis/call_stacks.h"
#include "analyzer/analysis/heap_rows.h"
#include "analyzer/report/document.h"
#include "analyzer/report/report_request.h"

namespace heapline {

enum class HeapTableKind { kLive, kGrowth };

Table HeapTable(const HeapRows& rows, const CallStacks& stacks,
                const ReportRequest& request, HeapTableKind kind);

// What must be said of the rows: filters, --cumulative, sampling.
// `exact` is the tracer's own count of what is live.
std::vector<std::string> HeapTableNotes(const HeapRows& rows,
                                        const ReportRequest& request,
                                        uint64_t sample_mean_bytes,
                                        const Amounts& exact);

// Of the symbolizer's notes ("MODULE: why its lines are unknown") those of a
// module that one of the first `shown` rows is charged to without a line; none
// where the key does not ask for lines.
std::vector<std::string> NotesOfShownRows(
    const HeapRows& rows, size_t shown, const CallStacks& stacks, Key key,
    const std::vector<std::string>& notes);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_HEAP_TABLE_H_

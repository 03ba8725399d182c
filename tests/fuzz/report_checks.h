// report_checks.h: what `top`, `diff` and `info` do with snapshots once they
// are read, without files, and the promises that they must keep on any that
// the reader let through. The symbols are those in the snapshots: no module of
// a hostile name is opened.
//
// Broken promises stop the program (fuzz_check.h). No state.
#ifndef HEAPLINE_TESTS_FUZZ_REPORT_CHECKS_H_
#define HEAPLINE_TESTS_FUZZ_REPORT_CHECKS_H_

#include "absl/strings/string_view.h"
#include "analyzer/analysis/heap_rows.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

// The invariants that snapshot.h states, and that account.h does.
void CheckSnapshot(const Snapshot& snapshot);

// Rows by what is live, and what grew from `older`: rows sum to the total,
// column by column, and the totals are the snapshots' own.
void CheckHeapReports(const Snapshot& older, const Snapshot& newer,
                      const HeapRowOptions& options);

// Text with nothing in it that steers a terminal; JSON that can be read.
void CheckRenderings(const Snapshot& snapshot, const HeapRowOptions& options);

// Lines as they reach a terminal: no control characters but newlines, valid
// UTF-8.
void CheckPrintable(absl::string_view text);

}  // namespace heapline

#endif  // HEAPLINE_TESTS_FUZZ_REPORT_CHECKS_H_

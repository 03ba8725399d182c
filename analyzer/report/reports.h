// reports.h: THE TABLE of reports. A new report is one file with a function
// from a request to a Document, and one row in reports.cc; its command, help,
// formats, completions and man page follow from the row.
// Immutable; thread-safe.
#ifndef HEAPLINE_ANALYZER_REPORT_REPORTS_H_
#define HEAPLINE_ANALYZER_REPORT_REPORTS_H_

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/report/document.h"
#include "analyzer/report/report_request.h"

namespace heapline {

// Groups of options that a report understands: bits.
enum ReportOptions : unsigned {
  kNoReportOptions = 0,
  kHeapRowOptions = 1,   // --by --sort --cumulative --attribute, filters, -n
  kSymbolOptions = 2,    // --debug-dir --sysroot --path-map --wrapper
  kGraphOptions = 4,     // --edge-rules --ignore-roots, -n
  kLeakOptions = 8,      // --kinds --suppressions
  kCycleOptions = 16,    // --reachable
  kKeyOptions = 32,      // --by --attribute
  kViewOptions = 64,     // --from --to --depth, --format dot
  kFilterOptions = 128,  // --include --exclude --exact, -n
  kTrendOptions = 256,   // --confidence
};

inline constexpr size_t kAnyNumberOfFiles = 1u << 20;

struct ReportRow {
  const char* name;     // the command's name
  const char* summary;  // one line, no full stop
  const char* files;    // how FILE arguments are called in help: "OLD NEW"
  size_t least_files;
  size_t most_files;
  unsigned options;     // ReportOptions
  const char* details;  // a paragraph for --help and the man page
  absl::StatusOr<Document> (*make)(const ReportRequest& request);
};

const std::vector<ReportRow>& ReportTable();

// The functions of the table, one a file.
absl::StatusOr<Document> MakeInfoReport(const ReportRequest& request);
absl::StatusOr<Document> MakeTopReport(const ReportRequest& request);
absl::StatusOr<Document> MakeDiffReport(const ReportRequest& request);
absl::StatusOr<Document> MakeTrendReport(const ReportRequest& request);
absl::StatusOr<Document> MakeLeaksReport(const ReportRequest& request);
absl::StatusOr<Document> MakeGraphReport(const ReportRequest& request);
absl::StatusOr<Document> MakePathsReport(const ReportRequest& request);
absl::StatusOr<Document> MakeRetainedReport(const ReportRequest& request);
absl::StatusOr<Document> MakeCyclesReport(const ReportRequest& request);
absl::StatusOr<Document> MakeAccountReport(const ReportRequest& request);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_REPORTS_H_

// report_options.h: the options common to reports: what a user types, and the
// request that it means. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_COMMAND_REPORT_OPTIONS_H_
#define HEAPLINE_ANALYZER_COMMAND_REPORT_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/report/reports.h"

namespace CLI {
class App;
}

namespace heapline {

struct ReportOptionValues {
  std::vector<std::string> files;
  std::string format = "text";
  std::string output = "-";
  int64_t row_limit = -1;  // -1: not given
  std::string key = "line";
  std::string sort = "bytes";
  std::string attribute = "site";
  bool is_cumulative = false;
  bool is_exact = false;
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  std::vector<std::string> wrappers;
  std::vector<std::string> debug_directories;
  std::string sysroot;
  std::vector<std::string> path_map;       // OLD=NEW
  std::vector<std::string> edge_rules;     // files, or "none"
  std::vector<std::string> ignored_roots;  // words of kinds
  std::vector<std::string> kinds;          // names of leak kinds; none: as told
  std::vector<std::string> suppressions;
  bool shows_reachable = false;
  std::string from, to;
  uint32_t depth = GraphView().depth;
  double confidence = ReportRequest().confidence;
  size_t rows_of_text = 10;  // unless told
};

// Adds the options that the report understands. `values` must outlive
// `command`.
void AddReportOptions(const ReportRow& row, ReportOptionValues* values,
                      CLI::App* command);

absl::StatusOr<ReportRequest> RequestOf(const ReportOptionValues& values);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_REPORT_OPTIONS_H_

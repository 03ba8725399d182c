// demo_reports.h: the reports that a scenario names, made as their commands
// would make them. Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_DEMO_REPORTS_H_
#define HEAPLINE_ANALYZER_COMMAND_DEMO_REPORTS_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "analyzer/command/demo_program.h"
#include "analyzer/report/document.h"

namespace heapline {

// Frames of the runtime are its wrappers: never charged.
inline constexpr char kDemoWrappers[] = "runtime::*";

struct DemoReport {
  std::string command;  // "heapline diff --by line OLD NEW"
  Document document;
};

// `report` is a command line without files: diff gets the first and the last
// snapshot of the run, every other report the last. `shown` is what to call a
// file in `command`.
absl::StatusOr<DemoReport> MakeDemoReport(
    const std::string& report, const DemoRun& run,
    const std::string& edge_rules,
    const std::function<std::string(const std::string& path)>& shown);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_DEMO_REPORTS_H_

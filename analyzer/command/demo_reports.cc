#include "analyzer/command/demo_reports.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/command/report_options.h"
#include "analyzer/report/reports.h"

namespace heapline {
namespace {

const ReportRow* FindReport(const std::string& name) {
  for (const ReportRow& row : ReportTable()) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::vector<std::string> FilesFor(const ReportRow& row, const DemoRun& run) {
  if (run.cuts.empty()) return {};
  const std::string& last = run.cuts.back().traced;
  if (row.make != MakeDiffReport) return {last};
  return {run.cuts.front().traced, last};
}

absl::Status BadReport(const std::string& report, const std::string& found) {
  return Problem(absl::StatusCode::kInvalidArgument,
                 absl::StrCat("making the report ", SafeText(report)), found,
                 "mend the scenario's list of reports");
}

// As a shell would have to be given it.
std::string Quoted(const std::string& word) {
  return word.find_first_of("*?[ ") == std::string::npos
             ? word
             : absl::StrCat("'", word, "'");
}

}  // namespace

absl::StatusOr<DemoReport> MakeDemoReport(
    const std::string& report, const DemoRun& run,
    const std::string& edge_rules,
    const std::function<std::string(const std::string& path)>& shown) {
  const std::vector<std::string> words =
      absl::StrSplit(report, ' ', absl::SkipEmpty());
  const ReportRow* const row = words.empty() ? nullptr : FindReport(words[0]);
  if (row == nullptr) return BadReport(report, "there is no such report");
  DemoReport result;
  result.command = absl::StrCat("heapline ", row->name);
  std::vector<std::string> arguments;
  const auto add = [&](const std::string& argument, const std::string& text) {
    arguments.push_back(argument);
    absl::StrAppend(&result.command, " ", text);
  };
  // Files first: what else stands without a dash is behind them.
  for (const std::string& file : FilesFor(*row, run)) add(file, shown(file));
  for (size_t i = 1; i < words.size(); ++i) add(words[i], Quoted(words[i]));
  if ((row->options & kSymbolOptions) != 0) {
    add("--wrapper", "--wrapper");
    add(kDemoWrappers, Quoted(kDemoWrappers));
  }
  if ((row->options & kGraphOptions) != 0) {
    add("--edge-rules", "--edge-rules");
    add(edge_rules, shown(edge_rules));
  }
  CLI::App app;
  ReportOptionValues values;
  AddReportOptions(*row, &values, &app);
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return BadReport(report, error.what());
  }
  const absl::StatusOr<ReportRequest> request = RequestOf(values);
  if (!request.ok()) return request.status();
  absl::StatusOr<Document> document = row->make(*request);
  if (!document.ok()) return document.status();
  result.document = *std::move(document);
  return result;
}

}  // namespace heapline

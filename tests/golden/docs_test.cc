// The report pages in docs/reports show true output: every command in a
// ```console block is run here, and what follows it must be what it prints.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tests/golden/run_cli.h"

namespace heapline {
namespace {

struct Example {
  std::string command;  // "heapline top …"
  std::string output;
};

std::vector<Example> ExamplesOf(const std::string& page) {
  std::vector<Example> examples;
  bool is_inside = false;
  for (const absl::string_view line : absl::StrSplit(page, '\n')) {
    if (line == "```console") {
      is_inside = true;
    } else if (line == "```") {
      is_inside = false;
    } else if (is_inside && line.substr(0, 2) == "$ ") {
      examples.push_back({std::string(line.substr(2)), ""});
    } else if (is_inside && !examples.empty()) {
      examples.back().output += std::string(line) + "\n";
    }
  }
  return examples;
}

class ReportPage : public testing::TestWithParam<const char*> {};

TEST_P(ReportPage, ShowsWhatTheCommandPrints) {
  const std::string page =
      ReadWhole(std::string(DOCS_DIRECTORY) + "/" + GetParam());
  const std::vector<Example> examples = ExamplesOf(page);
  EXPECT_FALSE(examples.empty());
  for (const Example& example : examples) {
    ASSERT_EQ(example.command.rfind("heapline ", 0), 0u) << example.command;
    const CliResult result =
        RunCli(HEAPLINE_CLI, std::string(GOLDEN_DIRECTORY) + "/snapshots",
               "\"$HEAPLINE\" " + example.command.substr(9));
    EXPECT_EQ(result.out + result.err, example.output) << example.command;
  }
}

INSTANTIATE_TEST_SUITE_P(Pages, ReportPage,
                         testing::Values("top.md", "diff.md", "trend.md",
                                         "info.md", "graph.md", "leaks.md",
                                         "paths.md", "retained.md", "cycles.md",
                                         "account.md"));

}  // namespace
}  // namespace heapline

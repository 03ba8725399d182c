// The invariant of every heap report, checked from outside: under every KEY
// and in both formats each live byte is on exactly one row, rows sum to the
// total, and the total is the tracer's own counter.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/golden/run_cli.h"

namespace heapline {
namespace {

using Json = nlohmann::json;

const std::vector<std::string>& Keys() {
  static const auto* const keys = new std::vector<std::string>{
      "line", "function", "file", "module", "stack", "type", "thread"};
  return *keys;
}

std::string MustRun(const std::string& arguments) {
  const CliResult result =
      RunCli(HEAPLINE_CLI, GOLDEN_DIRECTORY, "\"$HEAPLINE\" " + arguments);
  EXPECT_EQ(result.exit_status, 0) << arguments << ": " << result.err;
  return result.out;
}

Json MustRunJson(const std::string& arguments) {
  return Json::parse(MustRun(arguments + " --format json"), nullptr, false);
}

// Every numeric field of the rows, summed, is the field of the total.
void CheckRowsSumToTotal(const Json& report, const std::string& what) {
  ASSERT_TRUE(report.is_object()) << what;
  std::map<std::string, int64_t> sums;
  std::map<std::string, int> uses;
  for (const Json& row : report["rows"]) {
    for (const auto& [field, value] : row.items()) {
      if (value.is_number_integer()) sums[field] += value.get<int64_t>();
    }
    const std::string key = row["key"];
    EXPECT_EQ(++uses[key], 1) << what << ": two rows " << key;
    EXPECT_FALSE(row["stack"].empty()) << what << ": no stack: " << key;
  }
  for (const auto& [field, value] : report["total"].items()) {
    EXPECT_EQ(sums[field], value.get<int64_t>()) << what << ": " << field;
  }
  EXPECT_EQ(report["rows_left_out"], 0) << what;
}

// "…size=N B (+G B), count=C (+K)…": the numbers after each `=` and in each
// pair of brackets that follows.
std::vector<int64_t> NumbersOf(const std::string& line) {
  std::vector<int64_t> numbers;
  for (const char* field : {"size=", "count="}) {
    const size_t at = line.rfind(field);
    if (at == std::string::npos) return {};
    const char* text = line.c_str() + at + std::string(field).size();
    char* end = nullptr;
    numbers.push_back(std::strtoll(text, &end, 10));
    const size_t bracket = line.find('(', end - line.c_str());
    const size_t comma = line.find(',', end - line.c_str());
    if (bracket != std::string::npos && bracket < comma) {
      numbers.push_back(std::strtoll(line.c_str() + bracket + 1, nullptr, 10));
    }
  }
  return numbers;
}

// Rows and the line for the rest sum to the line `total`, to the byte.
void CheckTextSums(const std::string& text, int64_t live_bytes,
                   const std::string& what) {
  std::vector<int64_t> sums, total;
  for (const auto& line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::string row(line);
    if (row.rfind("    ", 0) == 0) continue;  // a frame
    const std::vector<int64_t> numbers = NumbersOf(row);
    ASSERT_FALSE(numbers.empty()) << what << ": " << row;
    if (row.rfind("total: ", 0) == 0) {
      total = numbers;
      continue;
    }
    sums.resize(numbers.size());
    for (size_t i = 0; i < numbers.size(); ++i) sums[i] += numbers[i];
  }
  EXPECT_EQ(sums, total) << what;
  ASSERT_FALSE(total.empty()) << what;
  EXPECT_EQ(total[0], live_bytes) << what;
}

class ReportInvariant : public testing::TestWithParam<const char*> {};

TEST_P(ReportInvariant, TopRowsSumToTheTracersCounterUnderEveryKey) {
  const std::string file = GetParam();
  const int64_t live_bytes =
      MustRunJson("info " + file)["rows"][0]["live_bytes"];
  for (const std::string& key : Keys()) {
    const std::string command = absl::StrCat("top ", file, " --by ", key);
    const Json report = MustRunJson(command);
    CheckRowsSumToTotal(report, command);
    const Json& process = report["process"];
    EXPECT_EQ(process["live_bytes"], live_bytes) << command;
    const int64_t total = report["total"]["live_bytes"];
    EXPECT_EQ(total, process.contains("estimated_live_bytes")
                         ? process["estimated_live_bytes"].get<int64_t>()
                         : live_bytes)
        << command;
    for (const char* rows : {" -n 0", " -n 1", ""}) {
      CheckTextSums(MustRun(command + " --exact" + rows), total,
                    command + rows);
    }
  }
}

TEST_P(ReportInvariant, DiffRowsSumToBothCountersUnderEveryKey) {
  const std::string newer = GetParam();
  if (newer.find("sampled") != std::string::npos) return;  // refused
  const std::string older = "snapshots/server-1.txt";
  const int64_t older_bytes =
      MustRunJson("info " + older)["rows"][0]["live_bytes"];
  const int64_t newer_bytes =
      MustRunJson("info " + newer)["rows"][0]["live_bytes"];
  for (const std::string& key : Keys()) {
    const std::string command =
        absl::StrCat("diff ", older, " ", newer, " --by ", key);
    const Json report = MustRunJson(command);
    CheckRowsSumToTotal(report, command);
    EXPECT_EQ(report["total"]["live_bytes"], newer_bytes) << command;
    EXPECT_EQ(report["total"]["growth_bytes"], newer_bytes - older_bytes)
        << command;
    CheckTextSums(MustRun(command + " --exact -n 2"), newer_bytes, command);
  }
}

TEST_P(ReportInvariant, CumulativeKeepsTheExactTotal) {
  const std::string file = GetParam();
  const Json plain = MustRunJson("top " + file);
  const Json cumulative = MustRunJson("top " + file + " --cumulative");
  EXPECT_EQ(plain["total"], cumulative["total"]);
  for (const Json& row : cumulative["rows"]) {
    EXPECT_LE(row["live_bytes"], plain["total"]["live_bytes"]);
  }
}

INSTANTIATE_TEST_SUITE_P(Snapshots, ReportInvariant,
                         testing::Values("snapshots/server-1.txt",
                                         "snapshots/server-2.txt",
                                         "snapshots/sampled.txt",
                                         "snapshots/damaged.txt",
                                         "snapshots/hostile.txt",
                                         "snapshots/notes.txt",
                                         "snapshots/service-2.txt"));

}  // namespace
}  // namespace heapline

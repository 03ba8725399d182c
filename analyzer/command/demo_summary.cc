// The two documents of demo_documents.h that are tables of many runs.
#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analyzer/base/text.h"
#include "analyzer/command/demo_documents.h"
#include "analyzer/command/demo_tables.h"

namespace heapline {
namespace {

constexpr size_t kBarCells = 40;

// Of kept sizes on one heap: how many agree.
struct SizesTally {
  int64_t told = 0;
  int64_t exact = 0;
  int64_t traced = 0;
};

SizesTally TallyOf(const DemoOutcome& outcome) {
  SizesTally tally;
  for (const DemoPart& part : outcome.parts) {
    for (const KeptSizes& kept : part.findings.kept) {
      ++tally.told;
      if (kept.exact == kept.told.sizes) ++tally.exact;
      if (kept.traced == kept.told.sizes) ++tally.traced;
    }
  }
  return tally;
}

// What is promised: nothing missed and nothing made up on the C library's
// heap, less than one in a hundred where pools hide blocks.
bool IsAsPromised(DemoHeap heap, const GraphScore& score) {
  const double least = heap == DemoHeap::kMalloc ? 1 : 0.99;
  for (const Accuracy* accuracy : {&score.cycles, &score.direct_leaks}) {
    if (accuracy->Precision() < least || accuracy->Recall() < least) {
      return false;
    }
  }
  return true;
}

std::string ShortAmount(const DemoSymptomRow& symptom, int64_t amount) {
  return symptom.is_bytes ? HumanSignedBytes(amount) : absl::StrCat(amount);
}

void AddOutcome(const DemoOutcome& outcome, Table* table) {
  const auto amount = [&outcome](size_t part) {
    return part < outcome.parts.size()
               ? outcome.parts[part].findings.symptom_amount
               : 0;
  };
  const bool has_symptom = outcome.parts.size() > 1;
  const std::string shown[] = {
      has_symptom ? ShortAmount(*outcome.symptom, amount(0)) : "-",
      has_symptom ? ShortAmount(*outcome.symptom, amount(1)) : "-"};
  AddDemoRow({outcome.scenario.name, std::string(DemoHeapName(outcome.heap)),
              std::string(outcome.symptom->name), amount(0), amount(1),
              outcome.IsRight(), std::string(outcome.status.message())},
             absl::StrFormat("%-28s %-7s %-12s %12s %12s  %s",
                             outcome.scenario.name, DemoHeapName(outcome.heap),
                             outcome.symptom->name, shown[0], shown[1],
                             outcome.IsRight() ? "right" : "WRONG"),
             table);
  if (!outcome.status.ok()) {
    table->rows.back().lines.push_back(
        DemoLine(absl::StrCat("    ", outcome.status.message()), Tone::kGrew));
  }
}

// "#####", as long as `value` is of the greatest.
std::string Bar(int64_t value, int64_t greatest) {
  if (value <= 0 || greatest <= 0) return "";
  const double share =
      static_cast<double>(value) / static_cast<double>(greatest);
  return std::string(
      std::max<size_t>(1, static_cast<size_t>(share * kBarCells)), '#');
}

struct TrialColumn {
  const char* key;
  Unit unit;
  int64_t DemoTrial::*value;
};
constexpr std::array<TrialColumn, 6> kTrialColumns = {{
    {"threshold", Unit::kNone, &DemoTrial::threshold},
    {"collections", Unit::kCount, &DemoTrial::collections},
    {"max_pause_ns", Unit::kNone, &DemoTrial::max_pause_ns},
    {"median_pause_ns", Unit::kNone, &DemoTrial::median_pause_ns},
    {"total_ns", Unit::kNone, &DemoTrial::total_ns},
    {"peak_bytes", Unit::kBytes, &DemoTrial::peak_bytes},
}};

std::string Duration(int64_t nanoseconds) {
  return HumanDuration(
      static_cast<uint64_t>(std::max<int64_t>(0, nanoseconds)));
}

// A bar a trial, of one number.
void AppendChart(const std::vector<DemoTrial>& trials, const char* title,
                 int64_t DemoTrial::*value, bool is_bytes,
                 std::vector<Line>* lines) {
  lines->push_back({});
  lines->push_back(DemoLine(title, Tone::kKey));
  int64_t greatest = 0;
  for (const DemoTrial& trial : trials) {
    greatest = std::max(greatest, trial.*value);
  }
  for (const DemoTrial& trial : trials) {
    const auto number =
        static_cast<uint64_t>(std::max<int64_t>(0, trial.*value));
    lines->push_back(DemoLine(
        absl::StrFormat("%10d  %-*s  %s", trial.threshold, kBarCells,
                        Bar(trial.*value, greatest),
                        is_bytes ? HumanBytes(number) : HumanCount(number))));
  }
}

}  // namespace

DemoSummary SummarizeDemo(const std::vector<DemoOutcome>& outcomes) {
  DemoSummary summary;
  summary.is_right = true;
  Table body = DemoTable({{"scenario", Unit::kText},
                          {"heap", Unit::kText},
                          {"symptom", Unit::kText},
                          {"broken_amount", Unit::kNone},
                          {"fixed_amount", Unit::kNone},
                          {"right", Unit::kYesNo},
                          {"problem", Unit::kText}});
  Table scores = DemoTable(ScoreColumns({{"heap", Unit::kText}}));
  Table sizes = DemoTable({{"heap", Unit::kText},
                           {"told", Unit::kCount},
                           {"exact_agrees", Unit::kCount},
                           {"traced_agrees", Unit::kCount}});
  size_t right = 0;
  for (const DemoOutcome& outcome : outcomes) {
    AddOutcome(outcome, &body);
    right += outcome.IsRight() ? 1 : 0;
  }
  PutBefore(
      {DemoLine(absl::StrFormat("%-28s %-7s %-12s %12s %12s  %s", "scenario",
                                "heap", "symptom", "broken", "fixed", "check"),
                Tone::kKey)},
      &body);
  for (const DemoHeap heap : {DemoHeap::kMalloc, DemoHeap::kPools}) {
    GraphScore score;
    SizesTally tally;
    for (const DemoOutcome& outcome : outcomes) {
      if (outcome.heap != heap) continue;
      score += outcome.Score();
      const SizesTally more = TallyOf(outcome);
      tally.told += more.told;
      tally.exact += more.exact;
      tally.traced += more.traced;
    }
    const std::string name = DemoHeapName(heap);
    const bool is_as_promised = IsAsPromised(heap, score);
    const size_t first = scores.rows.size();
    AddScoreRows({name}, score, &scores);
    std::vector<Line>& lines = scores.rows[first].lines;
    lines.insert(
        lines.begin(),
        {{},
         DemoLine(absl::StrCat("graph reports against the truth, heap: ", name,
                               is_as_promised ? "" : ": LESS THAN PROMISED"),
                  Tone::kKey)});
    AddDemoRow({name, tally.told, tally.exact, tally.traced},
               absl::StrFormat("    %-7s %d told by the runtime, %d equal by "
                               "exact snapshots, %d by traced ones",
                               name, tally.told, tally.exact, tally.traced),
               &sizes);
    summary.is_right = summary.is_right && is_as_promised;
  }
  PutBefore({{}, DemoLine("shallow, deep and retained sizes", Tone::kKey)},
            &sizes);
  sizes.footer = {
      {},
      DemoLine(absl::StrCat(right, " of ", outcomes.size(), " right"),
               right == outcomes.size() ? Tone::kShrank : Tone::kGrew)};
  summary.is_right = summary.is_right && right == outcomes.size();
  summary.document = NewDemoDocument(std::move(body));
  summary.document.asides = {{"verdict", {{"right", summary.is_right}}}};
  summary.document.annexes.push_back({"score", std::move(scores)});
  summary.document.annexes.push_back({"sizes", std::move(sizes)});
  return summary;
}

Document DemoTrialsDocument(const std::vector<DemoTrial>& trials) {
  std::vector<Column> columns;
  for (const TrialColumn& column : kTrialColumns) {
    columns.push_back({column.key, column.unit});
  }
  Table table = DemoTable(std::move(columns));
  for (const DemoTrial& trial : trials) {
    std::vector<Cell> cells;
    for (const TrialColumn& column : kTrialColumns) {
      cells.emplace_back(std::in_place_type<int64_t>, trial.*column.value);
    }
    AddDemoRow(std::move(cells),
               absl::StrFormat("%10d %12d %12s %12s %12s %12s", trial.threshold,
                               trial.collections, Duration(trial.max_pause_ns),
                               Duration(trial.median_pause_ns),
                               Duration(trial.total_ns),
                               HumanBytes(static_cast<uint64_t>(
                                   std::max<int64_t>(0, trial.peak_bytes)))),
               &table);
  }
  PutBefore({DemoLine(absl::StrFormat("%10s %12s %12s %12s %12s %12s",
                                      "threshold", "collections", "max pause",
                                      "median", "total", "peak"),
                      Tone::kKey)},
            &table);
  AppendChart(trials, "collections by threshold", &DemoTrial::collections,
              false, &table.footer);
  AppendChart(trials, "peak by threshold", &DemoTrial::peak_bytes, true,
              &table.footer);
  return NewDemoDocument(std::move(table));
}

std::string DemoTrialsCsv(const std::vector<DemoTrial>& trials) {
  std::string csv;
  const char* between = "";
  for (const TrialColumn& column : kTrialColumns) {
    absl::StrAppend(&csv, between, column.key);
    between = ",";
  }
  csv += "\n";
  for (const DemoTrial& trial : trials) {
    between = "";
    for (const TrialColumn& column : kTrialColumns) {
      absl::StrAppend(&csv, between, trial.*column.value);
      between = ",";
    }
    csv += "\n";
  }
  return csv;
}

}  // namespace heapline

// `heapline trend`: which keys grow over a series of snapshots, proven.
#include "analyzer/analysis/trend.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/base/text.h"
#include "analyzer/report/heap_table.h"
#include "analyzer/report/reports.h"
#include "analyzer/report/series_side.h"
#include "analyzer/report/trend_rows.h"

namespace heapline {
namespace {

constexpr size_t kLeastSnapshots = 3;

SeriesPace PaceOf(const std::vector<SeriesCut>& cuts) {
  const double steps = static_cast<double>(cuts.size() - 1);
  SeriesPace pace;
  pace.seconds_per_snapshot =
      static_cast<double>(cuts.back().time_ns - cuts.front().time_ns) / 1e9 /
      steps;
  if (cuts.back().round > cuts.front().round) {
    pace.rounds_per_snapshot =
        static_cast<double>(cuts.back().round - cuts.front().round) / steps;
  }
  return pace;
}

// A total of the process, judged alone.
Trend TrendOfTotal(const std::vector<SeriesCut>& cuts,
                   int64_t SeriesCut::*number, const TrendOptions& options) {
  Series series;
  for (const SeriesCut& cut : cuts) {
    series.values.push_back(static_cast<double>(cut.*number));
  }
  return TrendsOf({series}, options)[0];
}

Aside AsideOf(const std::string& name, const Trend& trend) {
  return {name,
          {{"verdict", std::string(NameOf(trend.verdict))},
           {"slope_bytes_per_snapshot", trend.slope.estimate},
           {"p_value", trend.p_value}}};
}

Line TotalLine(const std::string& name, const Trend& trend,
               const SeriesPace& pace) {
  std::string text = NameOf(trend.verdict);
  if (trend.verdict == TrendVerdict::kGrowing ||
      trend.verdict == TrendVerdict::kFalling) {
    absl::StrAppend(
        &text, ": ",
        HumanSignedBytes(static_cast<int64_t>(trend.slope.estimate)),
        " a snapshot");
    if (pace.seconds_per_snapshot > 0) {
      absl::StrAppend(&text, ", ",
                      HumanSignedBytes(static_cast<int64_t>(
                          trend.slope.estimate / pace.seconds_per_snapshot)),
                      " a second");
    }
  }
  return {{name, Tone::kKey}, {absl::StrCat(": ", text)}};
}

// What the process's totals say beside its keys.
void AddTotals(const SeriesSide& side, const SeriesPace& pace, bool any_grows,
               const TrendOptions& options, Document* document, Table* table) {
  const Trend live = TrendOfTotal(side.cuts, &SeriesCut::live_bytes, options);
  document->asides.push_back(AsideOf("live", live));
  table->footer.push_back(TotalLine("all live bytes", live, pace));
  if (side.cuts.front().rss_bytes == 0) return;
  const Trend rss = TrendOfTotal(side.cuts, &SeriesCut::rss_bytes, options);
  document->asides.push_back(AsideOf("rss", rss));
  table->footer.push_back(TotalLine("RSS", rss, pace));
  if (rss.verdict == TrendVerdict::kGrowing && !any_grows &&
      live.verdict != TrendVerdict::kGrowing) {
    document->notes.push_back(
        "the resident memory grows and no live blocks do: fragmentation, or "
        "memory that malloc did not give; see heapline account FIRST LAST");
  }
}

}  // namespace

absl::StatusOr<Document> MakeTrendReport(const ReportRequest& request) {
  const absl::StatusOr<std::vector<std::string>> files =
      FilesOfSeries(request.files, kLeastSnapshots, "judging a series");
  if (!files.ok()) return files.status();
  const std::unique_ptr<Symbolizer> symbolizer =
      Symbolizer::Create(request.symbols);
  CallStacks stacks(symbolizer.get(), request.wrappers);
  SeriesSide side;
  const absl::Status status =
      ReadSeries(*files, request, symbolizer.get(), &stacks, &side);
  if (!status.ok()) return status;
  TrendOptions options;
  options.false_alarm_rate = 1 - request.confidence;
  SeriesRows rows = side.series.Rows(&stacks, request.rows);
  const std::vector<KeyTrend> trends = KeyTrendsOf(rows, options);
  SortByTrend(trends, stacks, &rows.rows);
  const SeriesPace pace = PaceOf(side.cuts);

  Document document;
  document.name = "heapline.trend";
  document.snapshots = side.snapshots;
  document.notes = side.notes;
  const std::vector<std::string> table_notes =
      HeapTableNotes(rows.rows, request, side.newest.heap.sample_mean_bytes,
                     side.newest.exact);
  document.notes.insert(document.notes.end(), table_notes.begin(),
                        table_notes.end());
  ReportRequest shown = request;
  shown.idle_rows = IdleRows::kShow;
  Table table = HeapTable(rows.rows, stacks, shown, HeapTableKind::kGrowth);
  AddTrends(rows, trends, pace, &table);
  if (side.last != nullptr) {
    AddKeptBy(side.first, rows.rows, side.last.get(), &table);
  }
  bool any_grows = false;
  for (const KeyTrend& trend : trends) {
    any_grows = any_grows || trend.verdict == TrendVerdict::kGrowing;
  }
  AddTotals(side, pace, any_grows, options, &document, &table);
  for (const std::string& note :
       NotesOfShownRows(rows.rows, table.rows.size(), stacks, request.rows.key,
                        symbolizer->Notes())) {
    document.notes.push_back(note);
  }
  document.body = std::move(table);
  return document;
}

}  // namespace heapline

#include "analyzer/report/trend_rows.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analyzer/analysis/row_builder.h"
#include "analyzer/base/text.h"

namespace heapline {
namespace {

constexpr size_t kMostBars = 40;

Series SeriesOf(const KeySeries& key, int64_t SeriesPoint::*number) {
  const auto numbers = [number](const std::vector<SeriesPoint>& points) {
    std::vector<double> values;
    for (const SeriesPoint& point : points) {
      values.push_back(static_cast<double>(point.*number));
    }
    return values;
  };
  Series series;
  series.values = numbers(key.live);
  for (const std::vector<SeriesPoint>& old : key.old) {
    series.aged.push_back(numbers(old));
  }
  return series;
}

// What is said of a key that bytes and blocks disagree on: the first that holds
// for either.
constexpr TrendVerdict kByWeight[] = {
    TrendVerdict::kGrowing, TrendVerdict::kSaturating, TrendVerdict::kFalling,
    TrendVerdict::kFlat};

KeyTrend Joined(Trend bytes, Trend blocks) {
  KeyTrend joined;
  for (const TrendVerdict verdict : kByWeight) {
    if (bytes.verdict != verdict && blocks.verdict != verdict) continue;
    joined.verdict = verdict;
    break;
  }
  for (const Trend* trend : {&bytes, &blocks}) {
    if (trend->verdict != joined.verdict) continue;
    joined.p_value = std::min(joined.p_value, trend->adjusted_p_value);
  }
  joined.bytes = std::move(bytes);
  joined.blocks = std::move(blocks);
  return joined;
}

int64_t Rounded(double value) { return std::llround(value); }

std::string SignedBytes(double bytes) {
  return HumanSignedBytes(Rounded(bytes));
}

// One bar a snapshot, or a snapshot of several, from the least to the greatest
// value.
std::string Bars(const std::vector<SeriesPoint>& points) {
  static const char* const kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  int64_t least = points[0].bytes;
  int64_t greatest = points[0].bytes;
  for (const SeriesPoint& point : points) {
    least = std::min(least, point.bytes);
    greatest = std::max(greatest, point.bytes);
  }
  const size_t count = std::min(points.size(), kMostBars);
  std::string bars;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = count == 1 ? 0 : i * (points.size() - 1) / (count - 1);
    const double part = greatest == least
                            ? 0
                            : static_cast<double>(points[at].bytes - least) /
                                  static_cast<double>(greatest - least);
    bars += kBars[static_cast<size_t>(part * 7.0)];
  }
  return bars;
}

Tone ToneOf(TrendVerdict verdict) {
  switch (verdict) {
    case TrendVerdict::kGrowing:
      return Tone::kGrew;
    case TrendVerdict::kFalling:
      return Tone::kShrank;
    case TrendVerdict::kSaturating:
    case TrendVerdict::kFlat:
      break;
  }
  return Tone::kPlain;
}

}  // namespace

const char* NameOf(TrendVerdict verdict) {
  switch (verdict) {
    case TrendVerdict::kGrowing:
      return "growing";
    case TrendVerdict::kSaturating:
      return "saturating";
    case TrendVerdict::kFalling:
      return "falling";
    case TrendVerdict::kFlat:
      break;
  }
  return "flat";
}

std::vector<KeyTrend> KeyTrendsOf(const SeriesRows& rows,
                                  const TrendOptions& options) {
  std::vector<Series> series;
  for (const KeySeries& key : rows.series) {
    series.push_back(SeriesOf(key, &SeriesPoint::bytes));
    series.push_back(SeriesOf(key, &SeriesPoint::count));
  }
  std::vector<Trend> trends = TrendsOf(series, options);
  std::vector<KeyTrend> joined;
  for (size_t i = 0; i + 1 < trends.size(); i += 2) {
    joined.push_back(Joined(std::move(trends[i]), std::move(trends[i + 1])));
  }
  return joined;
}

void SortByTrend(const std::vector<KeyTrend>& trends, const CallStacks& stacks,
                 HeapRows* rows) {
  const auto weight = [](const KeyTrend& trend) {
    const auto* const place =
        std::find(std::begin(kByWeight), std::end(kByWeight), trend.verdict);
    return std::make_pair(place, -std::abs(trend.bytes.slope.estimate));
  };
  std::vector<size_t> order(trends.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return weight(trends[a]) < weight(trends[b]);
  });
  // Equal ones get the same number, so that their keys decide.
  std::vector<int64_t> place(trends.size());
  for (size_t i = 1; i < order.size(); ++i) {
    const bool is_less =
        weight(trends[order[i - 1]]) < weight(trends[order[i]]);
    place[order[i]] = place[order[i - 1]] - (is_less ? 1 : 0);
  }
  std::vector<int64_t> values;
  for (const HeapRow& row : rows->rows) values.push_back(place[Index(row.id)]);
  SortRows(values, stacks, rows);
}

std::string TrendText(const KeyTrend& trend, const SeriesPace& pace) {
  const double bytes = trend.bytes.slope.estimate;
  std::string text = NameOf(trend.verdict);
  if (trend.verdict == TrendVerdict::kFlat ||
      trend.verdict == TrendVerdict::kSaturating) {
    return text;
  }
  const bool has_rounds = pace.rounds_per_snapshot > 0;
  const double per = has_rounds ? 1 / pace.rounds_per_snapshot : 1;
  absl::StrAppend(&text, ": ", SignedBytes(bytes * per), " in ",
                  absl::StrFormat("%+.3g", trend.blocks.slope.estimate * per),
                  has_rounds ? " blocks a round" : " blocks a snapshot");
  if (pace.seconds_per_snapshot > 0) {
    absl::StrAppend(&text, ", ", SignedBytes(bytes / pace.seconds_per_snapshot),
                    " a second");
  }
  absl::StrAppend(&text, "; p=", absl::StrFormat("%.2g", trend.p_value));
  if (trend.bytes.warm_up_steps > 0) {
    absl::StrAppend(&text, ", after ",
                    Counted(trend.bytes.warm_up_steps, "snapshot"),
                    " of warm-up");
  }
  return text;
}

void AddTrends(const SeriesRows& rows, const std::vector<KeyTrend>& trends,
               const SeriesPace& pace, Table* table) {
  const auto per = [](double slope, double pace_of) {
    return pace_of > 0 ? slope / pace_of : 0;
  };
  const std::vector<Column> columns = {
      {"verdict", Unit::kText, false},
      {"slope_bytes_per_snapshot", Unit::kNone, false},
      {"slope_bytes_per_snapshot_low", Unit::kNone, false},
      {"slope_bytes_per_snapshot_high", Unit::kNone, false},
      {"slope_bytes_per_second", Unit::kNone, false},
      {"slope_bytes_per_round", Unit::kNone, false},
      {"slope_blocks_per_snapshot", Unit::kNone, false},
      {"p_value", Unit::kNone, false},
      {"warm_up_snapshots", Unit::kCount, false}};
  table->columns.insert(table->columns.end(), columns.begin(), columns.end());
  table->total.resize(table->columns.size(), int64_t{0});
  for (size_t i = 0; i < table->rows.size(); ++i) {
    const HeapRow& heap_row = rows.rows.rows[i];
    const KeyTrend& trend = trends[Index(heap_row.id)];
    const KeySeries& series = rows.Of(heap_row);
    const RobustSlope& slope = trend.bytes.slope;
    Row& row = table->rows[i];
    const std::vector<Cell> cells = {
        NameOf(trend.verdict),
        slope.estimate,
        slope.lower,
        slope.upper,
        per(slope.estimate, pace.seconds_per_snapshot),
        per(slope.estimate, pace.rounds_per_snapshot),
        trend.blocks.slope.estimate,
        trend.p_value,
        static_cast<int64_t>(trend.bytes.warm_up_steps)};
    row.cells.insert(row.cells.end(), cells.begin(), cells.end());
    NumberList bytes{"values", {}};
    NumberList counts{"counts", {}};
    for (const SeriesPoint& point : series.live) {
      bytes.numbers.push_back(point.bytes);
      counts.numbers.push_back(point.count);
    }
    row.numbers = {std::move(bytes), std::move(counts)};
    row.lines.insert(
        row.lines.begin() + 1,
        Line{{"    "},
             {TrendText(trend, pace), ToneOf(trend.verdict)},
             {absl::StrCat("  ", Bars(series.live)), Tone::kFaint}});
  }
}

}  // namespace heapline

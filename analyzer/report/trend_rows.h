// trend_rows.h: the verdict on each key of a series, and what a row of `trend`
// says of it beside what HeapTable does. Pure functions.
#ifndef HEAPLINE_ANALYZER_REPORT_TREND_ROWS_H_
#define HEAPLINE_ANALYZER_REPORT_TREND_ROWS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "analyzer/analysis/heap_series.h"
#include "analyzer/analysis/trend.h"
#include "analyzer/report/document.h"

namespace heapline {

// How fast a series went by: the mean over all of it.
struct SeriesPace {
  double seconds_per_snapshot = 0;  // 0: not known
  double rounds_per_snapshot = 0;   // 0: the program told of none
};

// Bytes and blocks are judged each by itself; a key grows if either does.
struct KeyTrend {
  TrendVerdict verdict = TrendVerdict::kFlat;
  double p_value = 1;  // for the whole report, of what decided the verdict
  Trend bytes;
  Trend blocks;
};

// Index = HeapRow::id.
std::vector<KeyTrend> KeyTrendsOf(const SeriesRows& rows,
                                  const TrendOptions& options);

// growing, saturating, flat, falling.
const char* NameOf(TrendVerdict verdict);

// Sorts `rows`: growing ones first, the steepest of them first, then
// saturating, falling and flat ones.
void SortByTrend(const std::vector<KeyTrend>& trends, const CallStacks& stacks,
                 HeapRows* rows);

// Adds columns, cells and a line to the rows of `table`, which are the first of
// rows.rows.
void AddTrends(const SeriesRows& rows, const std::vector<KeyTrend>& trends,
               const SeriesPace& pace, Table* table);

// "growing by 1.02 MiB in 104 blocks a snapshot (34.1 KiB a second),
// p=0.00012", for people.
std::string TrendText(const KeyTrend& trend, const SeriesPace& pace);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_TREND_ROWS_H_

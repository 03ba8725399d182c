// demo_tables.h: rows of demonstrations' tables, and numbers as they write
// them. Pure functions.
#ifndef HEAPLINE_ANALYZER_COMMAND_DEMO_TABLES_H_
#define HEAPLINE_ANALYZER_COMMAND_DEMO_TABLES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/command/demo_findings.h"
#include "analyzer/report/document.h"

namespace heapline {

Document NewDemoDocument(Table body);
// A table whose columns have these names, and no total.
Table DemoTable(std::vector<Column> columns);
// One more row: its cells, and a line for people, or none.
void AddDemoRow(std::vector<Cell> cells, std::string line, Table* table);
// Lines for people before what the table shows.
void PutBefore(std::vector<Line> lines, Table* table);
Line DemoLine(std::string text, Tone tone = Tone::kPlain);

// "1.95 MiB more on the line".
std::string AmountText(const DemoSymptomRow& symptom, int64_t amount);

// A row of each part of the score, beside the cells that `first` begins each
// with.
std::vector<Column> ScoreColumns(std::vector<Column> first);
void AddScoreRows(const std::vector<Cell>& first, const GraphScore& score,
                  Table* table);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_DEMO_TABLES_H_

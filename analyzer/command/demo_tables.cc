#include "analyzer/command/demo_tables.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analyzer/base/text.h"

namespace heapline {
namespace {

int64_t Signed(uint64_t value) { return static_cast<int64_t>(value); }

// "100 %"; never rounded up to it: "99.9 %".
std::string PercentText(uint64_t part, uint64_t whole) {
  if (part >= whole) return "100 %";
  const uint64_t thousandths = part * 1000 / whole;
  return absl::StrFormat("%d.%d %%", thousandths / 10, thousandths % 10);
}

// "100 % (12 of 12)", "- (none)".
std::string ShareText(uint64_t part, uint64_t whole) {
  if (whole == 0) return "- (none)";
  return absl::StrCat(PercentText(part, whole), " (", part, " of ", whole, ")");
}

}  // namespace

Document NewDemoDocument(Table body) {
  Document document;
  document.name = "heapline.demo";
  document.body = std::move(body);
  return document;
}

Table DemoTable(std::vector<Column> columns) {
  Table table;
  table.columns = std::move(columns);
  table.total.assign(table.columns.size(), Cell{std::string()});
  return table;
}

void AddDemoRow(std::vector<Cell> cells, std::string line, Table* table) {
  Row row;
  row.cells = std::move(cells);
  if (!line.empty()) row.lines.push_back(DemoLine(std::move(line)));
  table->rows.push_back(std::move(row));
}

void PutBefore(std::vector<Line> lines, Table* table) {
  std::vector<Line>& first =
      table->rows.empty() ? table->footer : table->rows[0].lines;
  first.insert(first.begin(), lines.begin(), lines.end());
}

Line DemoLine(std::string text, Tone tone) { return {{std::move(text), tone}}; }

std::string AmountText(const DemoSymptomRow& symptom, int64_t amount) {
  return absl::StrCat(
      symptom.is_bytes
          ? HumanBytes(static_cast<uint64_t>(amount < 0 ? int64_t{0} : amount))
          : absl::StrCat(amount),
      " ", symptom.what);
}

std::vector<Column> ScoreColumns(std::vector<Column> first) {
  first.push_back({"what", Unit::kText});
  for (const char* key :
       {"precision", "recall", "shown", "shown_right", "real", "real_found"}) {
    first.push_back({key, Unit::kNone});
  }
  return first;
}

void AddScoreRows(const std::vector<Cell>& first, const GraphScore& score,
                  Table* table) {
  for (const ScoreRow& row : ScoreRows()) {
    const Accuracy& accuracy = score.*row.accuracy;
    std::vector<Cell> cells = first;
    cells.insert(cells.end(),
                 {std::string(row.key), accuracy.Precision(), accuracy.Recall(),
                  Signed(accuracy.shown), Signed(accuracy.shown_right),
                  Signed(accuracy.real), Signed(accuracy.real_found)});
    AddDemoRow(std::move(cells),
               absl::StrFormat("    %-16s precision %-26s recall %s", row.name,
                               ShareText(accuracy.shown_right, accuracy.shown),
                               ShareText(accuracy.real_found, accuracy.real)),
               table);
  }
}

}  // namespace heapline

// `heapline info`: what a snapshot says of itself.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/report/heap_side.h"
#include "analyzer/report/info_text.h"
#include "analyzer/report/report_files.h"
#include "analyzer/report/reports.h"
#include "analyzer/snapshot/snapshot_reader.h"

namespace heapline {
namespace {

// Fields that come first, in this order; other properties follow.
constexpr PropertyId kFirstProperties[] = {PropertyId::live_bytes,
                                           PropertyId::live_count,
                                           PropertyId::peak_bytes,
                                           PropertyId::program,
                                           PropertyId::pid,
                                           PropertyId::reason,
                                           PropertyId::label,
                                           PropertyId::threads,
                                           PropertyId::threads_not_stopped,
                                           PropertyId::pause_us,
                                           PropertyId::child_us,
                                           PropertyId::dropped_blocks,
                                           PropertyId::truncated_stacks};

bool IsFirst(uint32_t id) {
  for (const PropertyId first : kFirstProperties) {
    if (static_cast<uint32_t>(first) == id) return true;
  }
  return false;
}

// "check_wrong" stands in object `check` as "wrong".
std::string FieldName(const std::string& property) {
  constexpr char kCheck[] = "check_";
  if (property.rfind(kCheck, 0) != 0) return property;
  return absl::StrCat("check.", property.substr(sizeof(kCheck) - 1));
}

Unit UnitOf(const std::string& name) {
  const auto ends_with = [&name](const std::string& tail) {
    return name.size() > tail.size() &&
           name.compare(name.size() - tail.size(), tail.size(), tail) == 0;
  };
  if (ends_with("_bytes")) return Unit::kBytes;
  if (ends_with("_count")) return Unit::kCount;
  return ends_with("_us") ? Unit::kMicroseconds : Unit::kNone;
}

// Columns and one row's cells side by side, so that they cannot disagree.
struct Fields {
  std::vector<Column> columns;
  std::vector<Cell> cells;
  void Add(const std::string& name, Unit unit, Cell cell) {
    columns.push_back({name, unit, false});
    cells.push_back(std::move(cell));
  }
};

void AddProperty(const Snapshot& snapshot, const PropertyRow& property,
                 Fields* fields) {
  const std::string name = FieldName(property.name);
  const auto id = static_cast<PropertyId>(property.id);
  if (property.is_text) {
    fields->Add(name, Unit::kText, TextOf(snapshot, id));
  } else {
    fields->Add(name, UnitOf(name),
                static_cast<int64_t>(NumberOf(snapshot, id)));
  }
}

Fields FieldsOf(const Snapshot& snapshot) {
  Fields fields;
  fields.Add("complete", Unit::kYesNo, IsComplete(snapshot));
  for (const PropertyId first : kFirstProperties) {
    for (const PropertyRow& property : PropertyTable()) {
      if (property.id == static_cast<uint32_t>(first)) {
        AddProperty(snapshot, property, &fields);
      }
    }
  }
  fields.Add("modules", Unit::kCount,
             static_cast<int64_t>(snapshot.modules.size()));
  fields.Add("roots", Unit::kCount,
             static_cast<int64_t>(snapshot.roots.size()));
  fields.Add("edges", Unit::kCount,
             static_cast<int64_t>(EdgeCount(snapshot.edges)));
  fields.Add("weak_edges", Unit::kCount,
             static_cast<int64_t>(EdgeCount(snapshot.weak_edges)));
  fields.Add("whole", Unit::kYesNo, snapshot.is_whole());
  for (const PropertyRow& property : PropertyTable()) {
    const bool is_complete =
        property.id == static_cast<uint32_t>(PropertyId::complete);
    if (!is_complete && !IsFirst(property.id)) {
      AddProperty(snapshot, property, &fields);
    }
  }
  for (Column& column : fields.columns) {
    column.is_summed =
        column.unit != Unit::kText && column.unit != Unit::kYesNo &&
        (column.key == "live_bytes" || column.key == "live_count");
  }
  return fields;
}

void AddToTotal(const std::vector<Cell>& cells, Table* table) {
  if (table->total.empty()) {
    for (const Column& column : table->columns) {
      table->total.push_back(column.is_summed ? Cell{int64_t{0}} : Cell{""});
    }
  }
  for (size_t i = 0; i < cells.size(); ++i) {
    if (!table->columns[i].is_summed) continue;
    table->total[i] =
        std::get<int64_t>(table->total[i]) + std::get<int64_t>(cells[i]);
  }
}

}  // namespace

absl::StatusOr<Document> MakeInfoReport(const ReportRequest& request) {
  const absl::StatusOr<std::vector<std::string>> files =
      AllSnapshots(request.files[0]);
  if (!files.ok()) return files.status();
  Document document;
  document.name = "heapline.info";
  Table table;
  absl::Status first_problem;
  for (const std::string& file : *files) {
    absl::StatusOr<Snapshot> snapshot = TryReadSnapshot(file);
    if (!snapshot.ok()) {
      if (first_problem.ok()) first_problem = snapshot.status();
      document.notes.push_back(
          absl::StrCat("left out: ", snapshot.status().message()));
      continue;
    }
    Fields fields = FieldsOf(*snapshot);
    table.columns = std::move(fields.columns);
    AddToTotal(fields.cells, &table);
    Row row;
    row.cells = std::move(fields.cells);
    row.lines = InfoLines(*snapshot);
    if (!table.rows.empty()) row.lines.insert(row.lines.begin(), Line{});
    table.rows.push_back(std::move(row));
    document.snapshots.push_back(NameOf(*snapshot));
    const std::string damage = DamageNote(*snapshot);
    if (!damage.empty()) document.notes.push_back(damage);
  }
  if (table.rows.empty()) return first_problem;
  document.body = std::move(table);
  return document;
}

}  // namespace heapline

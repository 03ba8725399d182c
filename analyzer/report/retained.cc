// `heapline retained`: who keeps how much alive, by key and by holder.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/analysis/dominator_walk.h"
#include "analyzer/analysis/retention.h"
#include "analyzer/base/text.h"
#include "analyzer/report/graph_side.h"
#include "analyzer/report/object_keys.h"
#include "analyzer/report/reports.h"

namespace heapline {
namespace {

struct RetainedRow {
  std::string key;
  uint64_t shallow_bytes = 0;
  uint64_t shallow_count = 0;
  uint64_t retained_bytes = 0;  // each block once, however groups nest
  uint64_t retained_count = 0;
  Vertex holder = kNoVertex;    // of the member that retains most
  uint64_t holder_bytes = 0;    // what that member retains
  StackId stack = kEmptyStack;  // of that member
};

class RetainedRows {
 public:
  RetainedRows(GraphSide* side, const ReportRequest& request)
      : side_(side),
        keys_(side, request.rows.key, request.rows.attribution),
        retention_(side->retention()) {
    Walk();
  }

  std::vector<RetainedRow>& rows() { return rows_; }
  uint64_t total_bytes() const {
    return retention_.RetainedBytes(retention_.root());
  }
  uint64_t total_count() const {
    return retention_.RetainedCount(retention_.root());
  }

  std::string HolderName(Vertex v) const {
    return v == kNoVertex ? "nothing" : side_->HolderName(v);
  }

 private:
  // Rows are by id of their key.
  void Walk() {
    const DigraphRows dominated = DominatedBy(retention_);
    VisitByLabel(
        retention_, dominated.view(),
        [this](Vertex v) -> uint32_t {
          const Retention::Holder kind = retention_.HolderKind(v);
          if (kind == Retention::Holder::kObject) return keys_.Of(v);
          const bool is_holder = kind == Retention::Holder::kRootGroup &&
                                 retention_.RetainedCount(v) > 0;
          return is_holder ? keys_.Intern(HolderName(v)) : kNoLabel;
        },
        [this](Vertex v, uint32_t key, bool is_topmost) {
          if (rows_.size() <= key) rows_.resize(key + size_t{1});
          Count(v, &rows_[key], is_topmost);
        });
    for (ObjectKeyId key = 0; key < rows_.size(); ++key) {
      rows_[key].key = keys_.Text(key);
    }
  }

  void Count(Vertex v, RetainedRow* row, bool is_topmost) {
    const bool is_object =
        retention_.HolderKind(v) == Retention::Holder::kObject;
    if (is_object) {
      row->shallow_bytes += side_->graph().Bytes(v);
      row->shallow_count += side_->graph().IsContainer(v) ? 0 : 1;
    }
    if (!is_topmost) return;
    const uint64_t bytes = retention_.RetainedBytes(v);
    row->retained_bytes += bytes;
    row->retained_count += retention_.RetainedCount(v);
    if (row->holder == kNoVertex || bytes > row->holder_bytes) {
      row->holder = is_object ? retention_.Dominator(v) : v;
      row->holder_bytes = bytes;
      if (is_object) row->stack = side_->StackOf(v);
    }
  }

  GraphSide* side_;
  ObjectKeys keys_;
  const Retention& retention_;
  std::vector<RetainedRow> rows_;
};

Row WriteRetained(const GraphSide& side, const RetainedRows& rows,
                  const RetainedRow& from) {
  const std::string holder = rows.HolderName(from.holder);
  Row row;
  row.cells = {from.key,
               static_cast<int64_t>(from.shallow_bytes),
               static_cast<int64_t>(from.shallow_count),
               static_cast<int64_t>(from.retained_bytes),
               static_cast<int64_t>(from.retained_count),
               holder};
  if (from.stack != kEmptyStack) row.stack = side.FramesOf(from.stack);
  row.lines = {{{from.key, Tone::kKey},
                {absl::StrCat(": retained=", HumanBytes(from.retained_bytes),
                              " in ", Counted(from.retained_count, "block"),
                              ", shallow=", HumanBytes(from.shallow_bytes),
                              " in ", Counted(from.shallow_count, "block"),
                              ", held by ", holder)}}};
  return row;
}

}  // namespace

absl::StatusOr<Document> MakeRetainedReport(const ReportRequest& request) {
  const absl::StatusOr<std::unique_ptr<GraphSide>> side =
      GraphSide::TryRead(request);
  if (!side.ok()) return side.status();
  RetainedRows rows(side->get(), request);
  std::sort(rows.rows().begin(), rows.rows().end(),
            [](const RetainedRow& a, const RetainedRow& b) {
              if (a.retained_bytes != b.retained_bytes) {
                return a.retained_bytes > b.retained_bytes;
              }
              return a.key < b.key;
            });
  Document document = (*side)->NewDocument("heapline.retained");
  Table table;
  table.columns = {{"key", Unit::kText, false},
                   {"shallow_bytes", Unit::kBytes, true},
                   {"shallow_count", Unit::kCount, true},
                   {"retained_bytes", Unit::kBytes, false},
                   {"retained_count", Unit::kCount, false},
                   {"held_by", Unit::kText, false}};
  table.has_stacks = true;
  for (const RetainedRow& row : rows.rows()) {
    if (request.row_limit == 0 || table.rows.size() < request.row_limit) {
      table.rows.push_back(WriteRetained(**side, rows, row));
    } else {
      ++table.rows_left_out;
    }
  }
  table.total = {std::string(),
                 static_cast<int64_t>(rows.total_bytes()),
                 static_cast<int64_t>(rows.total_count()),
                 int64_t{0},
                 int64_t{0},
                 std::string()};
  if (table.rows_left_out > 0) {
    table.footer.push_back(
        {{absl::StrCat("... ", Counted(table.rows_left_out, "more row")),
          Tone::kKey}});
  }
  table.footer.push_back(
      {{"total: ", Tone::kKey},
       {absl::StrCat(HumanBytes(rows.total_bytes()), " in ",
                     Counted(rows.total_count(), "block"))}});
  document.body = std::move(table);
  return document;
}

}  // namespace heapline

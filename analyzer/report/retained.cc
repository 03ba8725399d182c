// `heapline retained`: who keeps how much alive, by key and by holder.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "analyzer/analysis/grouping.h"
#include "analyzer/analysis/retention.h"
#include "analyzer/base/text.h"
#include "analyzer/report/graph_side.h"
#include "analyzer/report/reports.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

using GroupId = uint32_t;

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

// Children of each vertex of a dominator tree.
DigraphRows ChildrenOf(const Retention& retention, size_t size) {
  DigraphRows rows;
  rows.begin.assign(size + 1, 0);
  for (const Vertex v : retention.order()) {
    const Vertex parent = retention.Dominator(v);
    if (parent != kNoVertex) ++rows.begin[parent + 1];
  }
  for (size_t i = 1; i < rows.begin.size(); ++i) {
    rows.begin[i] += rows.begin[i - 1];
  }
  rows.target.resize(rows.begin.back());
  std::vector<uint32_t> next(rows.begin.begin(), rows.begin.end() - 1);
  for (const Vertex v : retention.order()) {
    const Vertex parent = retention.Dominator(v);
    if (parent != kNoVertex) rows.target[next[parent]++] = v;
  }
  return rows;
}

class RetainedRows {
 public:
  RetainedRows(GraphSide* side, const ReportRequest& request)
      : side_(side),
        groups_(side->stacks(), request.rows.key, request.rows.attribution),
        by_type_(request.rows.key == Key::kType),
        retention_(side->graph(), side->root_groups().of_root,
                   static_cast<uint32_t>(side->root_groups().groups.size()),
                   side->leaks()) {
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
    if (v == kNoVertex) return "nothing";
    switch (retention_.HolderKind(v)) {
      case Retention::Holder::kObject:
        return absl::StrCat(side_->NameOf(v), " at ",
                            HexNumber(side_->graph().Address(v)));
      case Retention::Holder::kRootGroup:
        return HolderText(
            side_->root_groups().groups[retention_.RootGroupOf(v)]);
      case Retention::Holder::kLeak:
        return side_->IsIncomplete() ? "a possibly leaked cycle"
                                     : "a leaked cycle";
      case Retention::Holder::kUnreachable:
        return side_->IsIncomplete() ? "nothing known: possibly leaked"
                                     : "nothing: leaked";
      case Retention::Holder::kRoot:
        break;
    }
    return "several roots";
  }

 private:
  GroupId Intern(const std::string& key) {
    const auto [row, is_new] =
        ids_.try_emplace(key, static_cast<GroupId>(rows_.size()));
    if (is_new) {
      rows_.emplace_back();
      rows_.back().key = key;
    }
    return row->second;
  }

  std::string KeyTextOf(StackId stack) {
    const KeyId key = groups_.KeyOf(stack);
    const std::string text = groups_.Text(key).Full();
    return text.empty() ? StackText(*side_->stacks(), groups_.KeyStack(key))
                        : text;
  }

  GroupId GroupOf(Vertex v) {
    if (by_type_ && side_->types().Of(v) != 0) {
      return Intern(side_->TypeOf(v));
    }
    const StackId stack = side_->StackOf(v);
    const auto [row, is_new] = group_of_stack_.try_emplace(Index(stack), 0);
    if (is_new) row->second = Intern(KeyTextOf(stack));
    return row->second;
  }

  // Down the tree and up again: `open` counts the ancestors of each group, and
  // what has one is retained by it already.
  void Walk() {
    const size_t size = retention_.root() + size_t{1};
    const DigraphRows children = ChildrenOf(retention_, size);
    struct Step {
      Vertex vertex;
      uint32_t next;
      GroupId group;
    };
    std::vector<Step> path;
    std::vector<uint32_t> open;
    constexpr GroupId kNone = UINT32_MAX;
    const auto enter = [&](Vertex v) {
      GroupId group = kNone;
      const Retention::Holder kind = retention_.HolderKind(v);
      if (kind == Retention::Holder::kObject) {
        group = GroupOf(v);
      } else if (kind == Retention::Holder::kRootGroup &&
                 retention_.RetainedCount(v) > 0) {
        group = Intern(HolderName(v));
      }
      if (group != kNone) {
        if (open.size() < rows_.size()) open.resize(rows_.size(), 0);
        Count(v, &rows_[group], open[group]++ == 0);
      }
      path.push_back({v, children.begin[v], group});
    };
    enter(retention_.root());
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next < children.begin[step.vertex + 1]) {
        enter(children.target[step.next++]);
        continue;
      }
      if (step.group != kNone) --open[step.group];
      path.pop_back();
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
  Groups groups_;
  const bool by_type_;
  const Retention retention_;
  absl::flat_hash_map<std::string, GroupId> ids_;
  absl::flat_hash_map<uint32_t, GroupId> group_of_stack_;
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

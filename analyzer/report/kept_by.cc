#include "analyzer/report/kept_by.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/analysis/holders.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

bool IsKnown(const KnownBlocks::Column& column, uint64_t address,
             uint16_t epoch) {
  const auto at =
      std::lower_bound(column.address.begin(), column.address.end(), address);
  return at != column.address.end() && *at == address &&
         column.epoch[static_cast<size_t>(at - column.address.begin())] ==
             epoch;
}

// By Vertex: the row whose growth it is, or kNoLabel.
BigVector<uint32_t> RowsOfGrowth(const KnownBlocks& older, const HeapRows& rows,
                                 size_t shown, const GraphSide& side) {
  const ObjectGraph& graph = side.graph();
  const bool is_same_process =
      older.pid == NumberOf(side.snapshot(), PropertyId::pid) &&
      older.start_time_ns ==
          NumberOf(side.snapshot(), PropertyId::start_time_ns);
  BigVector<uint32_t> row_of(graph.size(), kNoLabel);
  for (Vertex v = 0; v < graph.size(); ++v) {
    if (graph.IsContainer(v)) continue;
    const uint32_t row = rows.RowOf(side.StackOf(v), side.TypeOf(v));
    if (row >= shown || rows.rows[row].growth.live_bytes <= 0) continue;
    const bool is_known =
        is_same_process &&
        (IsKnown(older.blocks, graph.Address(v), graph.Epoch(v)) ||
         IsKnown(older.pool_blocks, graph.Address(v), graph.Epoch(v)));
    if (!is_known) row_of[v] = row;
  }
  return row_of;
}

struct HolderTexts {
  std::string kind;
  std::string name;
  std::string root;  // of a block: what stands above it
};

HolderTexts TextsOf(const Holder& holder, GraphSide* side) {
  using Kind = Retention::Holder;
  const Retention& retention = side->retention();
  const auto is_leaked = [&](Vertex v) {
    return retention.HolderKind(v) == Kind::kUnreachable;
  };
  const Kind kind = retention.HolderKind(holder.vertex);
  HolderTexts texts;
  texts.name = side->HolderName(holder.vertex);
  if (kind == Kind::kRoot) {
    texts.kind = "several";
  } else if (kind == Kind::kRootGroup) {
    const uint32_t group = retention.RootGroupOf(holder.vertex);
    texts.kind =
        WordOf(RootKindWords(), side->root_groups().groups[group].kind);
  } else if (kind == Kind::kObject && !is_leaked(holder.top)) {
    texts.kind = "block";
    // A block that several roots hold stands below none of them.
    texts.root = holder.top == holder.vertex
                     ? side->HolderName(retention.root())
                     : side->HolderName(holder.top);
  } else {
    texts.kind = "leaked";
    if (kind == Kind::kObject) texts.root = side->HolderName(holder.top);
  }
  return texts;
}

void AddTo(const Holder& holder, GraphSide* side, Row* row) {
  const HolderTexts texts = TextsOf(holder, side);
  const uint64_t retained =
      side->retention().HolderKind(holder.vertex) == Retention::Holder::kRoot
          ? 0
          : side->retention().RetainedBytes(holder.vertex);
  row->asides.push_back({"kept_by",
                         {{"holder", texts.name},
                          {"kind", texts.kind},
                          {"root", texts.root},
                          {"growth_bytes", static_cast<int64_t>(holder.bytes)},
                          {"retained_bytes", static_cast<int64_t>(retained)}}});
  Line line = {{"    kept by "}, {texts.name, Tone::kKey}};
  if (!texts.root.empty())
    line.push_back({absl::StrCat(", below ", texts.root)});
  if (texts.kind == "several") {
    line.push_back({": none of them holds most of it"});
  } else {
    line.push_back(
        {absl::StrCat(": ", HumanBytes(retained), " would go with it")});
  }
  row->lines.push_back(std::move(line));
}

}  // namespace

KnownBlocks KnownBlocksOf(Snapshot snapshot) {
  KnownBlocks known;
  known.blocks = {std::move(snapshot.blocks.address),
                  std::move(snapshot.blocks.epoch)};
  known.pool_blocks = {std::move(snapshot.pool_blocks.address),
                       std::move(snapshot.pool_blocks.epoch)};
  known.pid = NumberOf(snapshot, PropertyId::pid);
  known.start_time_ns = NumberOf(snapshot, PropertyId::start_time_ns);
  return known;
}

void AddKeptBy(const KnownBlocks& older, const HeapRows& rows, GraphSide* side,
               Table* table) {
  const BigVector<uint32_t> row_of =
      RowsOfGrowth(older, rows, table->rows.size(), *side);
  const std::vector<Holder> holders =
      HoldersOf(side->graph(), side->retention(), row_of,
                static_cast<uint32_t>(table->rows.size()));
  for (size_t i = 0; i < holders.size(); ++i) {
    if (holders[i].vertex == kNoVertex) continue;
    AddTo(holders[i], side, &table->rows[i]);
  }
}

}  // namespace heapline

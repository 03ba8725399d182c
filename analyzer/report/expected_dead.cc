// Invariant: one search from the roots serves all blocks.
#include "analyzer/report/expected_dead.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/analysis/root_paths.h"
#include "analyzer/base/text.h"
#include "analyzer/report/path_rows.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

// Of the objects on the way; a list's element may stand behind millions.
constexpr size_t kMostHops = 12;

Row WriteExpectation(const ExpectedDead& expected, Vertex v,
                     const PathsFromRoots& paths, GraphSide* side) {
  const RootPath path = paths.To(v);
  Row row;
  const ObjectGraph& graph = side->graph();
  Line line = {{absl::StrCat("  ", ObjectText(*side, v))}};
  if (!expected.label.empty()) {
    line.push_back({absl::StrCat(" \"", expected.label, "\""), Tone::kKey});
  }
  std::string kind, name;
  if (path.hops.empty()) {
    line.push_back({": no root leads to it"});
  } else {
    const RootGroups& groups = side->root_groups();
    const RootGroup& root = groups.groups[groups.of_root[path.root]];
    kind = WordOf(RootKindWords(), root.kind);
    name = root.name;
    line.push_back({absl::StrCat(", held by ", HolderText(root))});
  }
  row.lines.push_back(std::move(line));
  row.cells = {expected.label,
               static_cast<int64_t>(graph.Address(v)),
               static_cast<int64_t>(graph.Bytes(v)),
               side->TypeOf(v),
               side->SiteOf(v),
               WordOf(LeakKindWords(), side->LeakKindOf(v)),
               kind,
               name};
  AddHops(side, path, kMostHops, &row);
  return row;
}

}  // namespace

Annex ExpectedDeadOf(GraphSide* side) {
  Annex annex;
  annex.name = "expected_dead";
  Table& table = annex.table;
  table.columns = {
      {"label", Unit::kText, false},     {"address", Unit::kNone, false},
      {"bytes", Unit::kBytes, false},    {"type", Unit::kText, false},
      {"site", Unit::kText, false},      {"kind", Unit::kText, false},
      {"root.kind", Unit::kText, false}, {"root.name", Unit::kText, false}};
  const std::vector<ExpectedDead>& all = side->snapshot().expected_dead;
  if (all.empty()) return annex;
  const PathsFromRoots paths(side->graph());
  for (const ExpectedDead& expected : all) {
    const Vertex v = side->graph().ObjectAt(expected.address);
    if (v == kNoVertex) continue;  // of a damaged file
    table.rows.push_back(WriteExpectation(expected, v, paths, side));
  }
  if (table.rows.empty()) return annex;
  std::vector<Line>& lines = table.rows.front().lines;
  lines.insert(lines.begin(),
               {{absl::StrCat("expected to be freed by now, but live: ",
                              Counted(table.rows.size(), "block")),
                 Tone::kKey}});
  return annex;
}

}  // namespace heapline

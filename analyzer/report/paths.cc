// `heapline paths`: why an object is alive, from the roots to it.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "analyzer/analysis/root_paths.h"
#include "analyzer/base/glob.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/report/graph_side.h"
#include "analyzer/report/reports.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

bool IsNamed(const std::string& name, const std::string& wanted) {
  if (name.empty()) return false;
  if (IsGlob(wanted) && GlobMatches(wanted, name)) return true;
  return name == wanted || absl::EndsWith(name, "/" + wanted);
}

// The object at an address; of those of a type or site the one that leads to
// most, as far as it is cheap to tell: the largest, then the first.
absl::StatusOr<Vertex> ObjectNamed(const GraphSide& side,
                                   const std::string& wanted,
                                   std::vector<std::string>* notes) {
  const ObjectGraph& graph = side.graph();
  uint64_t address = 0;
  if (absl::StartsWith(wanted, "0x") && absl::SimpleHexAtoi(wanted, &address)) {
    const Vertex v = graph.ObjectAt(address);
    if (v != kNoVertex) return v;
    return Problem(absl::StatusCode::kNotFound,
                   absl::StrCat("looking for the object at ", wanted),
                   "no live block holds that address",
                   "take an address from another report of this snapshot");
  }
  Vertex best = kNoVertex;
  uint64_t count = 0;
  for (Vertex v = 0; v < graph.size(); ++v) {
    if (!IsNamed(side.TypeOf(v), wanted) && !IsNamed(side.SiteOf(v), wanted)) {
      continue;
    }
    ++count;
    if (best == kNoVertex || graph.Bytes(v) > graph.Bytes(best)) best = v;
  }
  if (best == kNoVertex) {
    return Problem(absl::StatusCode::kNotFound,
                   absl::StrCat("looking for ", SafeText(wanted)),
                   "no live object has this type or site",
                   "give an address (0x...), a type, or a site as file:line");
  }
  if (count > 1) {
    notes->push_back(absl::StrCat(Counted(count, "object"), " match ", wanted,
                                  ": the largest is taken, ",
                                  HexNumber(graph.Address(best))));
  }
  return best;
}

std::string ObjectText(const GraphSide& side, Vertex v) {
  return absl::StrCat(HexNumber(side.graph().Address(v)), " ", side.NameOf(v),
                      " (", HumanBytes(side.graph().RequestedBytes(v)), ")");
}

void AddHops(GraphSide* graph_side, const std::vector<RootPath::Hop>& hops,
             Row* row) {
  GraphSide& side = *graph_side;
  RowList list{"hops", {}};
  for (size_t i = 0; i < hops.size(); ++i) {
    const RootPath::Hop& hop = hops[i];
    const bool is_last = i + 1 == hops.size();
    list.items.push_back(
        {{"address", static_cast<int64_t>(side.graph().Address(hop.object))},
         {"type", side.TypeOf(hop.object)},
         {"offset", static_cast<int64_t>(hop.offset)},
         {"member", is_last ? "" : side.MemberAt(hop.object, hop.offset)},
         {"site", side.SiteOf(hop.object)}});
    Line line = {{"  -> "}, {ObjectText(side, hop.object)}};
    if (!is_last) {
      line.push_back({absl::StrCat(" ", side.WordText(hop.object, hop.offset)),
                      Tone::kFaint});
    }
    row->lines.push_back(std::move(line));
  }
  row->lists.push_back(std::move(list));
}

}  // namespace

absl::StatusOr<Document> MakePathsReport(const ReportRequest& request) {
  const absl::StatusOr<std::unique_ptr<GraphSide>> side =
      GraphSide::TryRead(request);
  if (!side.ok()) return side.status();
  Document document = (*side)->NewDocument("heapline.paths");
  const absl::StatusOr<Vertex> target =
      ObjectNamed(**side, request.files[1], &document.notes);
  if (!target.ok()) return target.status();

  Table table;
  table.columns = {{"length", Unit::kCount, false},
                   {"root.kind", Unit::kText, false},
                   {"root.name", Unit::kText, false}};
  table.total = {int64_t{0}, std::string(), std::string()};
  constexpr size_t kMostPaths = 100;
  const RootGroups& groups = (*side)->root_groups();
  for (const RootPath& path :
       ShortestPaths((*side)->graph(), groups.of_root, *target,
                     request.row_limit == 0 ? kMostPaths : request.row_limit)) {
    const RootGroup& root = groups.groups[groups.of_root[path.root]];
    Row row;
    row.cells = {static_cast<int64_t>(path.hops.size()),
                 std::string(WordOf(RootKindWords(), root.kind)), root.name};
    row.lines = {{{HolderText(root), Tone::kKey}}};
    AddHops(side->get(), path.hops, &row);
    table.rows.push_back(std::move(row));
  }
  if (table.rows.empty()) {
    const LeakKindsOfGraph& leaks = (*side)->leaks();
    Line line = {{ObjectText(**side, *target)}, {": no root leads to it"}};
    if (!leaks.leak_of.empty() && leaks.leak_of[*target] != kNoLeak) {
      const Vertex first = leaks.leaks[leaks.leak_of[*target]].first;
      const absl::string_view verdict = (*side)->IsIncomplete()
                                            ? "; it is possibly leaked"
                                            : "; it is leaked";
      line.push_back(
          {leaks.kind[*target] == kDirectLeak
               ? std::string(verdict)
               : absl::StrCat(verdict, " with ", ObjectText(**side, first))});
    }
    table.footer.push_back(std::move(line));
  }
  document.body = std::move(table);
  return document;
}

}  // namespace heapline

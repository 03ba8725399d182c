// `heapline paths`: why an object is alive, from the roots to it.
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/analysis/root_paths.h"
#include "analyzer/base/text.h"
#include "analyzer/report/graph_side.h"
#include "analyzer/report/object_search.h"
#include "analyzer/report/path_rows.h"
#include "analyzer/report/reports.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

// A path is written whole.
constexpr size_t kAllHops = SIZE_MAX;

// The object at an address; of those of a type or site the one that leads to
// most, as far as it is cheap to tell: the largest, then the first.
absl::StatusOr<Vertex> ObjectNamed(GraphSide* side, const std::string& wanted,
                                   std::vector<std::string>* notes) {
  const absl::StatusOr<Found> found = FindNamed(side, wanted, Wanted::kObjects);
  if (!found.ok()) return found.status();
  const ObjectGraph& graph = side->graph();
  Vertex best = found->objects.front();
  for (const Vertex v : found->objects) {
    if (graph.Bytes(v) > graph.Bytes(best)) best = v;
  }
  if (found->objects.size() > 1) {
    notes->push_back(absl::StrCat(Counted(found->objects.size(), "object"),
                                  " match ", wanted, ": the largest is taken, ",
                                  HexNumber(graph.Address(best))));
  }
  return best;
}

}  // namespace

absl::StatusOr<Document> MakePathsReport(const ReportRequest& request) {
  const absl::StatusOr<std::unique_ptr<GraphSide>> side =
      GraphSide::TryRead(request);
  if (!side.ok()) return side.status();
  Document document = (*side)->NewDocument("heapline.paths");
  const absl::StatusOr<Vertex> target =
      ObjectNamed(side->get(), request.files[1], &document.notes);
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
    AddHops(side->get(), path, kAllHops, &row);
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

// `heapline cycles`: objects that keep each other alive, with the references
// that do it.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "analyzer/analysis/cycles.h"
#include "analyzer/base/text.h"
#include "analyzer/report/graph_side.h"
#include "analyzer/report/reports.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

// Members and references of one cycle that are written; the rest is counted.
constexpr size_t kMostMembers = 100000;
constexpr size_t kMembersOfText = 8;

// The reference that closes the circle for who reads members in order.
const CycleEdge& ClosingEdge(const std::vector<CycleEdge>& edges) {
  return *std::max_element(
      edges.begin(), edges.end(), [](const CycleEdge& a, const CycleEdge& b) {
        const bool is_a_back = a.to <= a.from;
        const bool is_b_back = b.to <= b.from;
        return is_a_back != is_b_back ? is_b_back : a.offset < b.offset;
      });
}

// "Node::other (+0x18)", or "Node +0x18" where the member is not known.
std::string ReferenceText(GraphSide* side, const CycleEdge& edge) {
  const std::string word = side->WordText(edge.from, edge.offset);
  return absl::StrCat(side->NameOf(edge.from),
                      word[0] == '+' ? " " : "::", word);
}

std::string VerdictText(GraphSide* side, const Cycle& cycle,
                        const std::vector<CycleEdge>& edges) {
  switch (cycle.label) {
    case CycleLabel::kList:
      return "linked both ways, as lists are: look for who lost the list";
    case CycleLabel::kParentLink:
      return "a tree whose nodes know their parents: look for who lost its "
             "root";
    case CycleLabel::kOwnership:
      break;
  }
  const CycleEdge& edge = ClosingEdge(edges);
  const std::string what =
      absl::StrCat("make ", ReferenceText(side, edge), " weak");
  if (cycle.has_witness) {
    return absl::StrCat("all its counts come from within, so it is garbage: ",
                        what);
  }
  return absl::StrCat("it keeps itself alive if it owns what it refers to: ",
                      what);
}

// Its own counts prove what they prove, whatever else is unknown.
bool IsPossible(const GraphSide& side, const Cycle& cycle) {
  return !cycle.is_reachable && !cycle.has_witness && side.IsIncomplete();
}

std::string ReachedText(const GraphSide& side, const Cycle& cycle) {
  if (IsPossible(side, cycle)) return "possibly unreachable ";
  return cycle.is_reachable ? "reachable " : "unreachable ";
}

Row WriteRow(GraphSide* side_of_row, const Cycle& cycle) {
  GraphSide& side = *side_of_row;
  const std::vector<CycleEdge> edges =
      EdgesWithin(side.graph(), side.components(), cycle);
  Row row;
  row.cells = {cycle.is_reachable,
               static_cast<int64_t>(cycle.members.size()),
               static_cast<int64_t>(cycle.bytes),
               static_cast<int64_t>(cycle.held_count),
               static_cast<int64_t>(cycle.held_bytes),
               std::string(CycleLabelName(cycle.label)),
               cycle.has_witness,
               IsPossible(side, cycle)};
  RowList members{"members", {}}, references{"edges", {}};
  const auto address_of = [&side](Vertex v) {
    return static_cast<int64_t>(side.graph().Address(v));
  };
  for (const Vertex v : cycle.members) {
    if (members.items.size() == kMostMembers) break;
    members.items.push_back(
        {{"address", address_of(v)},
         {"bytes", static_cast<int64_t>(side.graph().Bytes(v))},
         {"type", side.TypeOf(v)},
         {"site", side.SiteOf(v)}});
  }
  for (const CycleEdge& edge : edges) {
    if (references.items.size() == kMostMembers) break;
    references.items.push_back(
        {{"from", address_of(edge.from)},
         {"offset", static_cast<int64_t>(edge.offset)},
         {"member", side.MemberAt(edge.from, edge.offset)},
         {"to", address_of(edge.to)}});
  }
  row.lists = {std::move(members), std::move(references)};

  row.lines.push_back(
      {{absl::StrCat(ReachedText(side, cycle), CycleLabelName(cycle.label),
                     ": "),
        Tone::kKey},
       {absl::StrCat(HumanBytes(cycle.bytes), " in ",
                     Counted(cycle.members.size(), "block"), ", holds ",
                     HumanBytes(cycle.held_bytes), " in ",
                     Counted(cycle.held_count, "block")),
        Tone::kGrew}});
  size_t shown = 0;
  for (const CycleEdge& edge : edges) {
    if (shown++ == kMembersOfText) {
      row.lines.push_back(
          {{absl::StrCat("    ... ", Counted(edges.size() - kMembersOfText,
                                             "more reference")),
            Tone::kFaint}});
      break;
    }
    row.lines.push_back({{absl::StrCat(
        "    ", HexNumber(side.graph().Address(edge.from)), " ",
        ReferenceText(&side, edge), " -> ",
        HexNumber(side.graph().Address(edge.to)), " ", side.NameOf(edge.to))}});
  }
  row.lines.push_back({{"    "}, {VerdictText(&side, cycle, edges)}});
  return row;
}

}  // namespace

absl::StatusOr<Document> MakeCyclesReport(const ReportRequest& request) {
  const absl::StatusOr<std::unique_ptr<GraphSide>> side =
      GraphSide::TryRead(request);
  if (!side.ok()) return side.status();
  Document document = (*side)->NewDocument("heapline.cycles");
  Table table;
  table.columns = {
      {"reachable", Unit::kYesNo, false}, {"count", Unit::kCount, true},
      {"bytes", Unit::kBytes, true},      {"held_count", Unit::kCount, true},
      {"held_bytes", Unit::kBytes, true}, {"label", Unit::kText, false},
      {"witness", Unit::kYesNo, false},   {"possible", Unit::kYesNo, false}};
  int64_t count = 0, bytes = 0, held_count = 0, held_bytes = 0;
  size_t passed_over = 0;
  for (const Cycle& cycle : (*side)->cycles()) {
    // What its own counts prove to be garbage is held by chance.
    if (cycle.is_reachable && !cycle.has_witness &&
        request.graph.cycles == CyclesShown::kUnreachable) {
      ++passed_over;
      continue;
    }
    count += static_cast<int64_t>(cycle.members.size());
    bytes += static_cast<int64_t>(cycle.bytes);
    held_count += static_cast<int64_t>(cycle.held_count);
    held_bytes += static_cast<int64_t>(cycle.held_bytes);
    if (request.row_limit == 0 || table.rows.size() < request.row_limit) {
      table.rows.push_back(WriteRow(side->get(), cycle));
    } else {
      ++table.rows_left_out;
    }
  }
  table.total = {false,      count,         bytes, held_count,
                 held_bytes, std::string(), false, false};
  const size_t all = table.rows.size() + table.rows_left_out;
  if (table.rows_left_out > 0) {
    table.footer.push_back(
        {{absl::StrCat("... ", Counted(table.rows_left_out, "more cycle")),
          Tone::kKey}});
  }
  table.footer.push_back(
      {{"total: ", Tone::kKey},
       {absl::StrCat(Counted(all, "cycle"), ", ",
                     HumanBytes(static_cast<uint64_t>(bytes)), " in ",
                     Counted(static_cast<uint64_t>(count), "block"))}});
  if (passed_over > 0) {
    table.footer.push_back(
        {{absl::StrCat(Counted(passed_over, "cycle"),
                       " that roots reach not shown: --reachable"),
          Tone::kFaint}});
  }
  document.body = std::move(table);
  return document;
}

}  // namespace heapline

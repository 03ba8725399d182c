// tree_rows.h: what trees down and up share (reference_tree.h): rows as they
// are made, with the objects of each, and their order in the end. Used by
// analysis/ only. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_TREE_ROWS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_TREE_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analyzer/analysis/reference_tree.h"

namespace heapline {

struct GrowingRow {
  TreeRow row;                  // parent: index into the shown rows
  std::vector<Vertex> members;  // the first `tops` are not held by others
  size_t tops = 0;
  std::vector<uint32_t> below;  // shown rows, in order
  bool is_expanded = false;
};

// Counts them with the row, and their own bytes.
inline void AddMembers(const ObjectGraph& graph,
                       const std::vector<Vertex>& members, TreeRow* row) {
  for (const Vertex v : members) {
    row->shallow_bytes += graph.Bytes(v);
    if (!graph.IsContainer(v)) ++row->count;
  }
}

// Notes how words refer: of every object of `sources` each reference to an
// object for which row_of gives a row of `rows`, or nullptr.
template <typename RowOf>
void NoteReferences(const ObjectGraph& graph,
                    const std::vector<Vertex>& sources, RowOf row_of) {
  const Digraph edges = graph.edges();
  for (const Vertex from : sources) {
    if (from >= graph.size()) continue;
    for (const uint32_t e : edges.EdgesOf(from)) {
      TreeRow* const row = row_of(from, edges.target[e]);
      if (row == nullptr) continue;
      if (row->reference == TreeRow::Reference::kNone) {
        row->reference = TreeRow::Reference::kAt;
        row->offset = graph.Offset(e);
        row->referrer = from;
      } else if (row->offset != graph.Offset(e)) {
        row->reference = TreeRow::Reference::kSeveral;
      }
    }
  }
}

// The shown rows, each before those below it. add_rest(index, first) may append
// the kRest row of a shown row; it is called when all rows below are there.
template <typename AddRest>
std::vector<TreeRow> InReadingOrder(const std::vector<GrowingRow>& shown,
                                    AddRest add_rest) {
  std::vector<TreeRow> rows;
  std::vector<uint32_t> place_of(shown.size());
  struct Step {
    uint32_t row;
    size_t next;
  };
  std::vector<Step> path;
  const auto begin = [&](uint32_t index) {
    place_of[index] = static_cast<uint32_t>(rows.size());
    rows.push_back(shown[index].row);
    TreeRow& row = rows.back();
    if (row.parent != TreeRow::kNoParent) row.parent = place_of[row.parent];
    path.push_back({index, 0});
  };
  begin(0);
  while (!path.empty()) {
    Step& step = path.back();
    if (step.next < shown[step.row].below.size()) {
      begin(shown[step.row].below[step.next++]);
      continue;
    }
    add_rest(shown[step.row], place_of[step.row], &rows);
    path.pop_back();
  }
  return rows;
}

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_TREE_ROWS_H_

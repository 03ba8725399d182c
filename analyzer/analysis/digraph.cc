// Invariant: a stable counting sort, so that equal graphs give equal rows.
#include "analyzer/analysis/digraph.h"

namespace heapline {

DigraphRows Reversed(const Digraph& graph) {
  DigraphRows rows;
  rows.begin.assign(graph.size() + 1, 0);
  rows.target.resize(graph.target.size());
  // Counts stand one place early while they are made and while rows are
  // filled: begin[v] then ends as the end of row v - 1, which is its start.
  for (const Vertex to : graph.target) {
    if (to + 2 < rows.begin.size()) ++rows.begin[to + 2];
  }
  for (size_t v = 1; v < rows.begin.size(); ++v) {
    rows.begin[v] += rows.begin[v - 1];
  }
  for (Vertex from = 0; from < graph.size(); ++from) {
    for (const Vertex to : graph.Targets(from)) {
      rows.target[rows.begin[to + 1]++] = from;
    }
  }
  return rows;
}

}  // namespace heapline

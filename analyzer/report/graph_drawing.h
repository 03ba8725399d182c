// graph_drawing.h: a bounded part of an object graph as nodes and edges: what
// is around a start, taken by what it retains (up from an object: the nearest
// first), and every reference between two that were taken.
//
// Invariant: no more nodes than asked for; what is left out is counted.
// Stateless.
#ifndef HEAPLINE_ANALYZER_REPORT_GRAPH_DRAWING_H_
#define HEAPLINE_ANALYZER_REPORT_GRAPH_DRAWING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/report/document.h"
#include "analyzer/report/graph_side.h"

namespace heapline {

struct Drawing {
  enum class Towards { kTargets, kHolders };
  Towards towards = Towards::kTargets;
  // Vertices of the retention: objects and groups of roots.
  std::vector<Vertex> start;
  absl::Span<const uint8_t> leads;  // as TreeToObjects takes these two
  absl::Span<const uint32_t> groups;
  size_t most_nodes = 0;
  uint32_t depth = 0;
};

// Sets graph->nodes, edges and nodes_left_out.
void Draw(GraphSide* side, const Drawing& drawing, Graph* graph);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_GRAPH_DRAWING_H_

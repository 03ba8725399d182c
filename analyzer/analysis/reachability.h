// reachability.h: what holds each object: the strongest kind of root that
// reaches it, and whether some chain of exact references does. An object that
// is held through interior pointers only may be held by chance: "possible".
//
// Invariant: an object is exact only if it is held. Two bytes an object, 4 more
// while it runs; no recursion. Pure functions.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_REACHABILITY_H_
#define HEAPLINE_ANALYZER_ANALYSIS_REACHABILITY_H_

#include <cstdint>
#include <vector>

#include "analyzer/analysis/digraph.h"
#include "analyzer/analysis/object_graph.h"
#include "analyzer/base/big_vector.h"

namespace heapline {

inline constexpr uint8_t kNotHeld = HL_ROOT_KINDS;

struct Reachability {
  // By Vertex: the strongest (least) HL_ROOT_… that reaches it by any chain,
  // or kNotHeld.
  BigVector<uint8_t> held_by;
  // By Vertex: reached from a root of any kind by exact references only.
  BigVector<uint8_t> is_exact;
};

Reachability FloodFromRoots(const ObjectGraph& graph);

// Marks with `mark` what `start` reaches through vertices marked `unmarked`,
// `start` included; calls visit(vertex) once for each. `stack` is scratch.
template <typename Visit>
void FloodFrom(const Digraph& graph, Vertex start, uint8_t unmarked,
               uint8_t mark, BigVector<uint8_t>* marks,
               std::vector<Vertex>* stack, Visit visit) {
  if ((*marks)[start] != unmarked) return;
  (*marks)[start] = mark;
  stack->assign(1, start);
  while (!stack->empty()) {
    const Vertex v = stack->back();
    stack->pop_back();
    visit(v);
    for (const Vertex to : graph.Targets(v)) {
      if ((*marks)[to] != unmarked) continue;
      (*marks)[to] = mark;
      stack->push_back(to);
    }
  }
}

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_REACHABILITY_H_

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

// Words of stacks and registers come and go: what only they hold may be dead.
inline bool IsStackOrRegister(uint8_t root_kind) {
  return root_kind == HL_ROOT_STACK || root_kind == HL_ROOT_REGISTER;
}

struct Reachability {
  // By Vertex: the strongest (least) HL_ROOT_… that reaches it by any chain,
  // or kNotHeld.
  BigVector<uint8_t> held_by;
  // By Vertex: reached from a root of any kind by exact references only.
  BigVector<uint8_t> is_exact;
};

Reachability FloodFromRoots(const ObjectGraph& graph);

// By Vertex: 1 where words of stacks and registers, dead or alive, are all that
// holds it; else 0.
BigVector<uint8_t> HeldByStacksAlone(const ObjectGraph& graph,
                                     const Reachability& reachability);
}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_REACHABILITY_H_

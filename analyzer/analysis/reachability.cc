// Invariant: each vertex is pushed once a flood, so a flood takes time in
// proportion to the graph.
#include "analyzer/analysis/reachability.h"

namespace heapline {
namespace {

bool HasInterior(const ObjectGraph& graph) {
  if (graph.interior_edge_count() > 0) return true;
  for (const RootReference& root : graph.roots()) {
    if (root.reference == ReferenceClass::kInterior) return true;
  }
  return false;
}

void FloodExact(const ObjectGraph& graph, BigVector<uint8_t>* is_exact) {
  const Digraph edges = graph.edges();
  std::vector<Vertex> stack;
  for (const RootReference& root : graph.roots()) {
    if (root.reference != ReferenceClass::kExact || (*is_exact)[root.object]) {
      continue;
    }
    (*is_exact)[root.object] = 1;
    stack.push_back(root.object);
    while (!stack.empty()) {
      const Vertex v = stack.back();
      stack.pop_back();
      for (uint32_t e = edges.begin[v]; e < edges.begin[v + 1]; ++e) {
        const Vertex to = edges.target[e];
        if ((*is_exact)[to] || graph.IsInterior(e)) continue;
        (*is_exact)[to] = 1;
        stack.push_back(to);
      }
    }
  }
}

}  // namespace

Reachability FloodFromRoots(const ObjectGraph& graph) {
  Reachability result;
  result.held_by.assign(graph.size(), kNotHeld);
  std::vector<Vertex> stack;
  for (uint8_t kind = 0; kind < HL_ROOT_KINDS; ++kind) {
    for (const RootReference& root : graph.roots()) {
      if (root.kind != kind) continue;
      FloodFrom(graph.edges(), root.object, kNotHeld, kind, &result.held_by,
                &stack, [](Vertex) {});
    }
  }
  if (HasInterior(graph)) {
    result.is_exact.assign(graph.size(), 0);
    FloodExact(graph, &result.is_exact);
  } else {
    for (const uint8_t kind : result.held_by) {
      result.is_exact.push_back(kind != kNotHeld ? 1 : 0);
    }
  }
  return result;
}

}  // namespace heapline

#include "analyzer/analysis/reachability.h"

#include "analyzer/analysis/flood.h"

namespace heapline {
namespace {

bool HasInterior(const ObjectGraph& graph) {
  if (graph.interior_edge_count() > 0) return true;
  for (const RootReference& root : graph.roots()) {
    if (root.reference == ReferenceClass::kInterior) return true;
  }
  return false;
}

}  // namespace

Reachability FloodFromRoots(const ObjectGraph& graph) {
  Reachability result;
  result.held_by.assign(graph.size(), kNotHeld);
  Flood flood(graph.edges(), &result.held_by);
  for (uint8_t kind = 0; kind < HL_ROOT_KINDS; ++kind) {
    flood.Start(kNotHeld, kind);
    for (const RootReference& root : graph.roots()) {
      if (root.kind == kind) flood.Add(root.object);
    }
    flood.Run([](uint32_t) { return true; });
  }
  if (HasInterior(graph)) {
    result.is_exact.assign(graph.size(), 0);
    Flood exact(graph.edges(), &result.is_exact);
    exact.Start(0, 1);
    for (const RootReference& root : graph.roots()) {
      if (root.reference == ReferenceClass::kExact) exact.Add(root.object);
    }
    exact.Run([&](uint32_t edge) { return !graph.IsInterior(edge); });
  } else {
    for (const uint8_t kind : result.held_by) {
      result.is_exact.push_back(kind != kNotHeld ? 1 : 0);
    }
  }
  return result;
}

BigVector<uint8_t> HeldByStacksAlone(const ObjectGraph& graph,
                                     const Reachability& reachability) {
  // Weaker kinds of root may hold it beside the stack that was asked first.
  constexpr uint8_t kOther = 0, kAlone = 1, kOpen = 2;
  BigVector<uint8_t> marks(graph.size(), kOther);
  for (Vertex v = 0; v < graph.size(); ++v) {
    const uint8_t kind = reachability.held_by[v];
    if (kind >= HL_ROOT_REGISTER && kind != kNotHeld) marks[v] = kOpen;
  }
  Flood flood(graph.edges(), &marks);
  flood.Start(kOpen, kOther);
  for (const RootReference& root : graph.roots()) {
    if (!IsStackOrRegister(root.kind)) flood.Add(root.object);
  }
  flood.Run([](uint32_t) { return true; });
  for (uint8_t& mark : marks) {
    if (mark == kOpen) mark = kAlone;
  }
  return marks;
}

}  // namespace heapline

// Invariant: an unreachable component holds unreachable objects only, so the
// components of the whole graph serve.
#include "analyzer/analysis/leak_kinds.h"

#include <utility>

namespace heapline {
namespace {

// Components with an edge from another unreachable one, by ComponentId.
std::vector<bool> ComponentsPointedTo(const ObjectGraph& graph,
                                      const BigVector<uint8_t>& held_by,
                                      const Components& components) {
  std::vector<bool> is_pointed_to(components.count);
  for (Vertex v = 0; v < graph.size(); ++v) {
    // A container's words are its pool's business.
    if (held_by[v] != kNotHeld || graph.IsContainer(v)) continue;
    for (const Vertex to : graph.edges().Targets(v)) {
      const ComponentId id = components.of[to];
      if (id != components.of[v]) is_pointed_to[id] = true;
    }
  }
  return is_pointed_to;
}

}  // namespace

LeakKindsOfGraph FindLeaks(const ObjectGraph& graph,
                           const Reachability& reachability,
                           const Components& components) {
  LeakKindsOfGraph result;
  result.kind.resize(graph.size());
  bool has_leaks = false;
  for (Vertex v = 0; v < graph.size(); ++v) {
    const bool is_held =
        reachability.held_by[v] != kNotHeld || graph.IsContainer(v);
    has_leaks |= !is_held;
    result.kind[v] = !is_held ? kIndirectLeak
                     : reachability.is_exact[v] || graph.IsContainer(v)
                         ? kReachableBlock
                         : kPossibleLeak;
  }
  if (!has_leaks) return result;

  const std::vector<bool> is_pointed_to =
      ComponentsPointedTo(graph, reachability.held_by, components);
  result.leak_of.assign(graph.size(), kNoLeak);
  std::vector<uint32_t> leak_by_component(components.count, kNoLeak);
  for (Vertex v = 0; v < graph.size(); ++v) {
    const ComponentId id = components.of[v];
    if (result.kind[v] != kIndirectLeak || is_pointed_to[id]) continue;
    result.kind[v] = kDirectLeak;
    uint32_t& leak = leak_by_component[id];
    if (leak == kNoLeak) {
      leak = static_cast<uint32_t>(result.leaks.size());
      result.leaks.push_back({});
      result.leaks.back().component = id;
      result.leaks.back().first = v;
    }
    result.leak_of[v] = leak;
    ++result.leaks[leak].count;
    result.leaks[leak].bytes += graph.Bytes(v);
  }

  // Each leak in turn takes what it reaches and no earlier one did.
  std::vector<Vertex> stack;
  for (Vertex start = 0; start < graph.size(); ++start) {
    if (result.kind[start] != kDirectLeak) continue;
    Leak& leak = result.leaks[result.leak_of[start]];
    stack.assign(1, start);
    while (!stack.empty()) {
      const Vertex v = stack.back();
      stack.pop_back();
      for (const Vertex to : graph.edges().Targets(v)) {
        if (result.kind[to] != kIndirectLeak || result.leak_of[to] != kNoLeak) {
          continue;
        }
        result.leak_of[to] = result.leak_of[start];
        ++leak.indirect_count;
        leak.indirect_bytes += graph.Bytes(to);
        stack.push_back(to);
      }
    }
  }
  return result;
}

}  // namespace heapline

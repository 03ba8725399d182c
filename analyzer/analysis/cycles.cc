// Invariant: what cycles hold is found on the graph of components, in which a
// cycle is one vertex: its dominated vertices are what hangs on all of it.
#include "analyzer/analysis/cycles.h"

#include <algorithm>
#include <tuple>

#include "analyzer/analysis/dominators.h"
#include "analyzer/analysis/retention.h"

namespace heapline {
namespace {

// An object that refers to its own start: to refer into itself is common, as
// short strings and empty lists do.
bool RefersToItself(const ObjectGraph& graph, Vertex v) {
  for (const uint32_t e : graph.edges().EdgesOf(v)) {
    if (graph.edges().target[e] == v && !graph.IsInterior(e)) return true;
  }
  return false;
}

// By ComponentId: the component and all that only it leads to.
std::vector<ObjectAmount> RetainedByComponent(const ObjectGraph& graph,
                                              const Components& components,
                                              const LeakKindsOfGraph& leaks) {
  DigraphRows root;
  root.begin.push_back(0);
  for (const RootReference& reference : graph.roots()) {
    root.target.push_back(components.of[reference.object]);
  }
  for (const Leak& leak : leaks.leaks) root.target.push_back(leak.component);
  root.begin.push_back(static_cast<uint32_t>(root.target.size()));
  const DigraphRows condensed = Condensed(graph.edges(), components);
  const DominatorTree tree = Dominators({condensed.view(), root.view()});
  std::vector<ObjectAmount> retained(components.count + 1);
  for (Vertex v = 0; v < graph.size(); ++v) {
    retained[components.of[v]].bytes += graph.Bytes(v);
    retained[components.of[v]].count += graph.IsContainer(v) ? 0 : 1;
  }
  for (size_t i = tree.order.size() - 1; i > 0; --i) {
    const Vertex v = tree.order[i];
    retained[tree.parent[v]].bytes += retained[v].bytes;
    retained[tree.parent[v]].count += retained[v].count;
  }
  return retained;
}

bool HasPython(const ObjectTypes& types, const Cycle& cycle) {
  if (types.python.empty()) return false;
  return std::any_of(cycle.members.begin(), cycle.members.end(),
                     [&](Vertex v) { return types.PythonAt(v) != nullptr; });
}

}  // namespace

absl::string_view CycleLabelName(CycleLabel label) {
  switch (label) {
    case CycleLabel::kList:
      return "list";
    case CycleLabel::kParentLink:
      return "parent-link";
    case CycleLabel::kOwnership:
      break;
  }
  return "ownership";
}

std::vector<CycleEdge> EdgesWithin(const ObjectGraph& graph,
                                   const Components& components,
                                   const Cycle& cycle) {
  std::vector<CycleEdge> edges;
  for (const Vertex v : cycle.members) {
    for (const uint32_t e : graph.edges().EdgesOf(v)) {
      const Vertex to = graph.edges().target[e];
      if (components.of[to] != components.of[v]) continue;
      edges.push_back({v, graph.Offset(e), to, graph.PlaceOf(e)});
    }
  }
  return edges;
}

std::vector<Cycle> SuspectedCycles(const ObjectGraph& graph,
                                   const Components& components,
                                   const Reachability& reachability,
                                   const LeakKindsOfGraph& leaks,
                                   const ObjectTypes& types) {
  const ComponentMembers members = MembersOf(components);
  std::vector<ComponentId> found;
  for (ComponentId id = 0; id < components.count; ++id) {
    const absl::Span<const Vertex> of = members.Of(id);
    if (of.size() > 1 || RefersToItself(graph, of[0])) found.push_back(id);
  }
  std::vector<Cycle> cycles;
  if (found.empty()) return cycles;
  const std::vector<bool> is_witnessed =
      WitnessedComponents(graph, components, members, reachability, types);
  const std::vector<ObjectAmount> retained =
      RetainedByComponent(graph, components, leaks);
  for (const ComponentId id : found) {
    Cycle cycle;
    cycle.members.assign(members.Of(id).begin(), members.Of(id).end());
    uint64_t count = 0;
    for (const Vertex v : cycle.members) {
      cycle.bytes += graph.Bytes(v);
      count += graph.IsContainer(v) ? 0 : 1;
    }
    cycle.is_reachable = reachability.held_by[cycle.members[0]] != kNotHeld;
    cycle.has_witness = !is_witnessed.empty() && is_witnessed[id];
    cycle.held_count = retained[id].count - count;
    cycle.held_bytes = retained[id].bytes - cycle.bytes;
    if (!cycle.has_witness && !HasPython(types, cycle)) {
      cycle.label = LabelOf(graph, EdgesWithin(graph, components, cycle));
    }
    cycles.push_back(std::move(cycle));
  }
  const auto key_of = [](const Cycle& cycle) {
    return std::make_tuple(cycle.is_reachable, !cycle.has_witness,
                           cycle.label != CycleLabel::kOwnership,
                           ~(cycle.bytes + cycle.held_bytes), cycle.members[0]);
  };
  std::sort(cycles.begin(), cycles.end(), [&](const Cycle& a, const Cycle& b) {
    return key_of(a) < key_of(b);
  });
  return cycles;
}

std::vector<bool> WitnessedComponents(const ObjectGraph& graph,
                                      const Components& components,
                                      const ComponentMembers& members,
                                      const Reachability& reachability,
                                      const ObjectTypes& types) {
  if (types.counts.empty()) return {};
  constexpr uint32_t kUncounted = UINT32_MAX;
  BigVector<uint32_t> count_of(graph.size(), kUncounted);
  for (uint32_t i = 0; i < types.counts.size(); ++i) {
    count_of[types.counts[i].object] = i;
  }
  std::vector<uint64_t> explained(types.counts.size(), 0);
  std::vector<bool> has_root(components.count);
  for (const RootReference& root : graph.roots()) {
    has_root[components.of[root.object]] = true;
  }
  std::vector<bool> has_source(components.count),
      has_live_source(components.count);
  std::vector<bool> is_witnessed(components.count);
  // Adds what the component's references explain, within it or outside of it.
  const auto explain = [&](ComponentId id, auto is_wanted) {
    for (const Vertex v : members.Of(id)) {
      for (const uint32_t e : graph.edges().EdgesOf(v)) {
        const Vertex to = graph.edges().target[e];
        if (!is_wanted(components.of[to])) continue;
        const uint32_t count = count_of[to];
        if (count == kUncounted) continue;
        if (types.counts[count].place == graph.PlaceOf(e)) ++explained[count];
      }
    }
  };
  // Sources have greater ids: what refers to a component is judged before it.
  for (ComponentId id = static_cast<ComponentId>(components.count); id-- > 0;) {
    explain(id, [id](ComponentId to) { return to == id; });
    bool has_count = false, is_explained = true;
    for (const Vertex v : members.Of(id)) {
      const uint32_t count = count_of[v];
      if (count == kUncounted) continue;
      has_count = true;
      is_explained &= explained[count] == types.counts[count].expected;
    }
    is_witnessed[id] = has_count && is_explained;
    const bool is_unreachable =
        reachability.held_by[members.Of(id)[0]] == kNotHeld;
    const bool hangs_on_garbage =
        !has_count && !has_root[id] && has_source[id] && !has_live_source[id];
    const bool is_garbage =
        is_unreachable || is_witnessed[id] || hangs_on_garbage;
    if (is_garbage) explain(id, [id](ComponentId to) { return to != id; });
    for (const Vertex v : members.Of(id)) {
      for (const Vertex to : graph.edges().Targets(v)) {
        has_source[components.of[to]] = true;
        if (!is_garbage) has_live_source[components.of[to]] = true;
      }
    }
  }
  return is_witnessed;
}

}  // namespace heapline

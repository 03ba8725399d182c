// Breadth first from the target along edges turned round: what is met first is
// nearest, and each vertex knows the next one towards the target.
//
// Invariant: `order` holds vertices by ascending distance.
#include "analyzer/analysis/root_paths.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"

namespace heapline {
namespace {

// Of the first exact reference, or of the first.
uint64_t OffsetOf(const ObjectGraph& graph, Vertex from, Vertex to) {
  const Digraph edges = graph.edges();
  uint32_t best = UINT32_MAX;
  for (const uint32_t e : edges.EdgesOf(from)) {
    if (edges.target[e] != to) continue;
    if (!graph.IsInterior(e)) return graph.Offset(e);
    best = std::min(best, e);
  }
  return graph.Offset(best);
}

class WayTo {
 public:
  WayTo(const Digraph& reversed, Vertex target)
      : reversed_(reversed), next_(reversed.size(), kNoVertex) {
    next_[target] = target;
    order_.push_back(target);
  }

  // Meets all vertices one step further away. False: there is none.
  bool Step() {
    const size_t behind = order_.size();
    for (; ring_ < behind; ++ring_) {
      const Vertex v = order_[ring_];
      for (const Vertex from : reversed_.Targets(v)) {
        if (next_[from] != kNoVertex) continue;
        next_[from] = v;
        order_.push_back(from);
      }
    }
    return order_.size() > behind;
  }
  // Those at the greatest distance met so far.
  absl::Span<const Vertex> Ring() const {
    return absl::MakeConstSpan(order_).subspan(ring_);
  }
  bool IsMet(Vertex v) const { return next_[v] != kNoVertex; }

  std::vector<RootPath::Hop> HopsFrom(const ObjectGraph& graph,
                                      Vertex v) const {
    std::vector<RootPath::Hop> hops;
    while (next_[v] != v) {
      hops.push_back({v, OffsetOf(graph, v, next_[v])});
      v = next_[v];
    }
    hops.push_back({v, 0});
    return hops;
  }

 private:
  const Digraph reversed_;
  BigVector<Vertex> next_;  // towards the target, which is its own
  BigVector<Vertex> order_;
  size_t ring_ = 0;  // where in order_ the last distance begins
};

}  // namespace

std::vector<RootPath> ShortestPaths(const ObjectGraph& graph,
                                    absl::Span<const uint32_t> group_of_root,
                                    Vertex target, size_t most) {
  // References by object: rows as of a Digraph.
  const std::vector<RootReference>& roots = graph.roots();
  std::vector<uint32_t> by_object(roots.size());
  for (uint32_t i = 0; i < roots.size(); ++i) by_object[i] = i;
  std::stable_sort(by_object.begin(), by_object.end(),
                   [&](uint32_t a, uint32_t b) {
                     return roots[a].object < roots[b].object;
                   });
  std::vector<RootPath> paths;
  absl::flat_hash_set<uint32_t> groups;
  const DigraphRows reversed = Reversed(graph.edges());
  WayTo way(reversed.view(), target);
  do {
    std::vector<uint32_t> found;  // references to this ring
    for (const Vertex v : way.Ring()) {
      for (auto at = std::lower_bound(by_object.begin(), by_object.end(), v,
                                      [&](uint32_t i, Vertex object) {
                                        return roots[i].object < object;
                                      });
           at != by_object.end() && roots[*at].object == v; ++at) {
        found.push_back(*at);
      }
    }
    std::sort(found.begin(), found.end(), [&](uint32_t a, uint32_t b) {
      return roots[a].kind != roots[b].kind ? roots[a].kind < roots[b].kind
                                            : a < b;
    });
    for (const uint32_t i : found) {
      if (paths.size() == most) return paths;
      if (!groups.insert(group_of_root[i]).second) continue;
      paths.push_back({i, way.HopsFrom(graph, roots[i].object)});
    }
  } while (paths.size() < most && way.Step());
  return paths;
}

PathsFromRoots::PathsFromRoots(const ObjectGraph& graph)
    : graph_(graph),
      before_(graph.size(), kNoVertex),
      root_(graph.size(), UINT32_MAX) {
  const std::vector<RootReference>& roots = graph.roots();
  std::vector<uint32_t> by_kind(roots.size());
  for (uint32_t i = 0; i < roots.size(); ++i) by_kind[i] = i;
  std::stable_sort(by_kind.begin(), by_kind.end(), [&](uint32_t a, uint32_t b) {
    return roots[a].kind < roots[b].kind;
  });
  for (const uint32_t i : by_kind) {
    const Vertex v = roots[i].object;
    if (before_[v] != kNoVertex) continue;
    before_[v] = v;
    root_[v] = i;
    order_.push_back(v);
  }
  const Digraph edges = graph.edges();
  for (size_t at = 0; at < order_.size(); ++at) {
    const Vertex v = order_[at];
    for (const Vertex to : edges.Targets(v)) {
      if (before_[to] != kNoVertex) continue;
      before_[to] = v;
      root_[to] = root_[v];
      order_.push_back(to);
    }
  }
}

RootPath PathsFromRoots::To(Vertex target) const {
  RootPath path;
  if (before_[target] == kNoVertex) return path;
  path.root = root_[target];
  path.hops.push_back({target, 0});
  for (Vertex v = target; before_[v] != v; v = before_[v]) {
    path.hops.push_back({before_[v], OffsetOf(graph_, before_[v], v)});
  }
  std::reverse(path.hops.begin(), path.hops.end());
  return path;
}

std::vector<RootPath::Hop> ShortestChain(const ObjectGraph& graph, Vertex from,
                                         Vertex target) {
  const DigraphRows reversed = Reversed(graph.edges());
  WayTo way(reversed.view(), target);
  while (!way.IsMet(from) && way.Step()) {
  }
  if (!way.IsMet(from)) return {};
  return way.HopsFrom(graph, from);
}

}  // namespace heapline

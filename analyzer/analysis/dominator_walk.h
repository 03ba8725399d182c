// dominator_walk.h: down a dominator tree and up again, for sums over objects
// that carry a label: what an object above of the same label retains is not
// counted once more.
//
// Invariant: without recursion; 12 bytes a vertex of the deepest path, 4 a
// label. Pure functions.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_DOMINATOR_WALK_H_
#define HEAPLINE_ANALYZER_ANALYSIS_DOMINATOR_WALK_H_

#include <cstdint>
#include <vector>

#include "analyzer/analysis/retention.h"

namespace heapline {

// Rows by vertex of any kind: what each dominates immediately, in the order of
// retention.order().
DigraphRows DominatedBy(const Retention& retention);

inline constexpr uint32_t kNoLabel = UINT32_MAX;

// Calls enter(vertex, path) for every vertex that the root dominates, parents
// first; path ends in the vertex itself. leave(vertex) follows when all that it
// dominates has been entered.
template <typename Enter, typename Leave>
void WalkDominators(const Digraph& dominated, Vertex root, Enter enter,
                    Leave leave) {
  std::vector<Vertex> path;
  std::vector<uint32_t> next;
  const auto begin = [&](Vertex v) {
    path.push_back(v);
    next.push_back(dominated.begin[v]);
    enter(v, path);
  };
  begin(root);
  while (!path.empty()) {
    const Vertex v = path.back();
    if (next.back() < dominated.begin[v + 1]) {
      begin(dominated.target[next.back()++]);
      continue;
    }
    path.pop_back();
    next.pop_back();
    leave(v);
  }
}

// Calls visit(vertex, label, is_topmost) for each vertex whose label_of is not
// kNoLabel, parents first. label_of is asked once a vertex; labels are dense.
template <typename LabelOf, typename Visit>
void VisitByLabel(const Retention& retention, const Digraph& dominated,
                  LabelOf label_of, Visit visit) {
  std::vector<uint32_t> open;    // by label: how many are on the path
  std::vector<uint32_t> labels;  // of the path
  WalkDominators(
      dominated, retention.root(),
      [&](Vertex v, const std::vector<Vertex>&) {
        const uint32_t label = label_of(v);
        labels.push_back(label);
        if (label == kNoLabel) return;
        if (open.size() <= label) open.resize(label + size_t{1}, 0);
        visit(v, label, open[label]++ == 0);
      },
      [&](Vertex) {
        if (labels.back() != kNoLabel) --open[labels.back()];
        labels.pop_back();
      });
}

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_DOMINATOR_WALK_H_

// root_paths.h: why an object is alive: the shortest chains of references from
// roots to it, nearest root first.
//
// Invariant: no chain from a root of the same group is shorter; of equally
// long ones the strongest kind of root comes first, then the order of
// graph.roots(). Memory while it runs: 16 bytes an object, 4 an edge. Pure
// functions, no recursion.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_ROOT_PATHS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_ROOT_PATHS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/analysis/object_graph.h"

namespace heapline {

struct RootPath {
  struct Hop {
    Vertex object = 0;
    uint64_t offset = 0;  // of the word in it that refers to the next hop; 0
                          // in the last one
  };
  size_t root = 0;        // index into graph.roots()
  std::vector<Hop> hops;  // from the object that the root refers to
};

// At most `most` paths to `target`, of each group of roots one; group_of_root
// is as in retention.h. Empty where nothing holds it.
std::vector<RootPath> ShortestPaths(const ObjectGraph& graph,
                                    absl::Span<const uint32_t> group_of_root,
                                    Vertex target, size_t most);

// A shortest path to each of many objects: one search from all roots at once.
// Of equally long paths one from a root of the strongest kind is taken. 12
// bytes an object. `graph` must outlive it; immutable.
class PathsFromRoots {
 public:
  explicit PathsFromRoots(const ObjectGraph& graph);
  // No hops where nothing holds it.
  RootPath To(Vertex target) const;
  // All objects that something holds, each behind the one before it on its
  // path, which is itself where a root refers to it.
  const BigVector<Vertex>& order() const { return order_; }
  Vertex Before(Vertex target) const { return before_[target]; }

 private:
  const ObjectGraph& graph_;
  BigVector<Vertex> before_;  // on the way; itself where a root refers to it
  BigVector<uint32_t> root_;  // by Vertex: index into graph.roots()
  BigVector<Vertex> order_;
};

// The hops of a shortest chain from `from` to `target`; empty where there is
// none.
std::vector<RootPath::Hop> ShortestChain(const ObjectGraph& graph, Vertex from,
                                         Vertex target);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_ROOT_PATHS_H_

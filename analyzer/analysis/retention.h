// retention.h: who keeps how much alive: the dominator tree of a heap from a
// virtual root down. Below it stand groups of root references (a global
// symbol, a thread's stack) and, below a vertex of its own, what nothing holds:
//
//   0 … n-1 objects │ groups │ leaked components of 2 or more │ unreachable │
//   root
//
// A stack's or a register's word holds only what no stronger kind of root
// holds: such words come and go, and one that happens to point into the middle
// of a global's tree must not take the tree from the global.
//
// Invariant: the root retains the bytes and the number of all objects but
// containers that nothing holds. Immutable; thread-safe.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_RETENTION_H_
#define HEAPLINE_ANALYZER_ANALYSIS_RETENTION_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/analysis/dominators.h"
#include "analyzer/analysis/leak_kinds.h"
#include "analyzer/analysis/object_graph.h"
#include "analyzer/analysis/reachability.h"

namespace heapline {

struct ObjectAmount {
  uint64_t bytes = 0;
  uint64_t count = 0;
};

class Retention {
 public:
  enum class Holder { kObject, kRootGroup, kLeak, kUnreachable, kRoot };

  // group_of_root[i] < group_count is the group of graph.roots()[i].
  Retention(const ObjectGraph& graph, const Reachability& reachability,
            absl::Span<const uint32_t> group_of_root, uint32_t group_count,
            const LeakKindsOfGraph& leaks);

  // The immediate dominator: a vertex of any kind. kNoVertex for the root and
  // for containers that nothing holds.
  Vertex Dominator(Vertex v) const { return tree_.parent[v]; }
  // Of a vertex of any kind: what would go with it, itself included.
  uint64_t RetainedBytes(Vertex v) const { return retained_[v].bytes; }
  uint64_t RetainedCount(Vertex v) const { return retained_[v].count; }

  Holder HolderKind(Vertex v) const;
  // REQUIRES: that HolderKind.
  uint32_t RootGroupOf(Vertex v) const {
    return v - static_cast<Vertex>(object_count_);
  }
  // Index into LeakKindsOfGraph::leaks.
  uint32_t LeakOf(Vertex v) const { return leak_[v - first_leak_]; }
  Vertex GroupVertex(uint32_t group) const {
    return static_cast<Vertex>(object_count_) + group;
  }
  Vertex root() const { return unreachable_ + 1; }
  Vertex unreachable() const { return unreachable_; }
  // Vertices of all kinds, dominators before what they dominate.
  const BigVector<Vertex>& order() const { return tree_.order; }

 private:
  size_t object_count_;
  Vertex first_leak_;
  Vertex unreachable_;
  std::vector<uint32_t> leak_;
  DominatorTree tree_;
  BigVector<ObjectAmount> retained_;  // by vertex of any kind
};

// Bytes and number of what `start` reaches, itself included: its deep size.
ObjectAmount DeepSizeOf(const ObjectGraph& graph, Vertex start);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_RETENTION_H_

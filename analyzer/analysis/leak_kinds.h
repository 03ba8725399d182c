// leak_kinds.h: what is leaked, and how. Of the components that no root
// reaches, those that no other of them points to are direct, with every member
// (a leaked cycle is direct); what only they hold is indirect, and counted with
// one of them.
//
// Invariant: each object has one kind; each indirect object belongs to one
// leak; a leak's members are direct. Containers of pools are reachable: their
// pool's blocks are judged. Pure functions, no recursion.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_LEAK_KINDS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_LEAK_KINDS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analyzer/analysis/components.h"
#include "analyzer/analysis/object_graph.h"
#include "analyzer/analysis/reachability.h"
#include "analyzer/analysis/suppressions.h"

namespace heapline {

// A direct component and what it takes along.
struct Leak {
  ComponentId component = 0;
  Vertex first = 0;  // its member of least address
  uint64_t count = 0;
  uint64_t bytes = 0;
  uint64_t indirect_count = 0;  // indirect objects counted with this leak
  uint64_t indirect_bytes = 0;
};

inline constexpr uint32_t kNoLeak = UINT32_MAX;

struct LeakKindsOfGraph {
  BigVector<uint8_t> kind;  // by Vertex: one of LeakKinds
  std::vector<Leak> leaks;  // by address of the first member
  // By Vertex: index into leaks of what a direct or indirect object belongs
  // to, or kNoLeak. Empty where there are no leaks.
  BigVector<uint32_t> leak_of;
};

// `components` are those of graph.edges().
LeakKindsOfGraph FindLeaks(const ObjectGraph& graph,
                           const Reachability& reachability,
                           const Components& components);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_LEAK_KINDS_H_

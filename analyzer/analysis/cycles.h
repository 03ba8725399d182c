// cycles.h: suspected cycles: components of several objects, and objects that
// refer to their own start. "Suspected", as a word may look like a reference
// by chance. What is a list or a tree with links to parents is told apart from
// what owns itself.
//
// Invariant: an object is in one cycle at most. What a cycle holds is what
// nothing would reach without it, its members not counted. Pure functions.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_CYCLES_H_
#define HEAPLINE_ANALYZER_ANALYSIS_CYCLES_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/analysis/components.h"
#include "analyzer/analysis/leak_kinds.h"
#include "analyzer/analysis/object_graph.h"
#include "analyzer/analysis/object_types.h"
#include "analyzer/analysis/reachability.h"

namespace heapline {

enum class CycleLabel {
  kOwnership,   // none of the others: it keeps itself alive
  kList,        // each reference is answered by one back: next and prev
  kParentLink,  // without the references to parents it would be a tree
};
absl::string_view CycleLabelName(CycleLabel label);

struct Cycle {
  std::vector<Vertex> members;  // ascending
  bool is_reachable = false;
  // Every reference that the members' own counts tell of was found among them
  // or in other garbage: what else points at them is no owner.
  bool has_witness = false;
  CycleLabel label = CycleLabel::kOwnership;
  uint64_t bytes = 0;  // of the members
  uint64_t held_count = 0;
  uint64_t held_bytes = 0;
};

// Whether it is what a collector would free: nothing outside owns it, as far as
// roots or its own counts tell, and it is no list or tree that somebody lost.
inline bool IsGarbage(const Cycle& cycle) {
  return (!cycle.is_reachable || cycle.has_witness) &&
         cycle.label == CycleLabel::kOwnership;
}

// A reference between two members.
struct CycleEdge {
  Vertex from = 0;
  uint64_t offset = 0;
  Vertex to = 0;
  Place place = kStart;
};

// The unreachable ones first, then those with a witness, then by what they are
// and hold, then by address. `components` are those of graph.edges().
std::vector<Cycle> SuspectedCycles(const ObjectGraph& graph,
                                   const Components& components,
                                   const Reachability& reachability,
                                   const LeakKindsOfGraph& leaks,
                                   const ObjectTypes& types);

// By ascending from, then offset.
std::vector<CycleEdge> EdgesWithin(const ObjectGraph& graph,
                                   const Components& components,
                                   const Cycle& cycle);

// What the references between objects look like.
CycleLabel LabelOf(const ObjectGraph& graph,
                   const std::vector<CycleEdge>& edges);

// By ComponentId: all its members' counts are explained by references from
// members and from garbage before it. Empty where nothing carries a count.
std::vector<bool> WitnessedComponents(const ObjectGraph& graph,
                                      const Components& components,
                                      const ComponentMembers& members,
                                      const Reachability& reachability,
                                      const ObjectTypes& types);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_CYCLES_H_

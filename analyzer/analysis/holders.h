// holders.h: who keeps a set of objects alive, for many sets at once: of each
// set the nearest holder (an object outside of it, a group of roots, what is
// leaked) with which nearly all of the set would go.
//
//   root ── global g_cache ── table ─┬─ entry ── text     set: entries, texts
//            100 %            100 %  ├─ entry ── text     holder: table
//                                    └─ …
//
// Of what the topmost holder of most keeps, "nearly all" is nine tenths, so
// that one entry held elsewhere does not hide the table. Where no single one
// holds more than half of a set, its holder is the retention's root.
//
// Invariant: a holder is never of the set. Two walks over the dominator tree
// whatever the number of sets; 16 bytes an object of a set, 8 a vertex. Pure
// functions, no recursion.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_HOLDERS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_HOLDERS_H_

#include <cstdint>
#include <vector>

#include "analyzer/analysis/dominator_walk.h"
#include "analyzer/analysis/object_graph.h"
#include "analyzer/analysis/retention.h"

namespace heapline {

struct Holder {
  Vertex vertex = kNoVertex;  // of any kind; kNoVertex: the set is empty
  Vertex top = kNoVertex;     // what stands above it below the root, or itself
  uint64_t bytes = 0;         // of the set, that would go with it
};

// set_of[v] < set_count, or kNoLabel for objects of no set. Index = set.
std::vector<Holder> HoldersOf(const ObjectGraph& graph,
                              const Retention& retention,
                              const BigVector<uint32_t>& set_of,
                              uint32_t set_count);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_HOLDERS_H_

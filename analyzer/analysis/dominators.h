// dominators.h: which vertex every path from a root to a vertex passes last:
// its immediate dominator, by the semi-NCA algorithm, without recursion. What
// a vertex dominates goes when it goes: that is its retained size.
//
// The flow graph is a Digraph and vertices added to it (virtual roots), which
// may point at any vertex but at which nothing else points:
//
//   0 … n-1: graph    n … n+m-1: added    the last one is the root
//
// Invariant: a parent stands before its children in `order`. Memory while it
// runs: about 36 bytes a vertex and 4 an edge; of the result, 8 a vertex.
// Pure functions.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_DOMINATORS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_DOMINATORS_H_

#include <cstddef>
#include <cstdint>

#include "analyzer/analysis/digraph.h"
#include "analyzer/base/big_vector.h"

namespace heapline {

// A Digraph with further vertices; `added` has a row for each of them, whose
// targets are numbers of the whole. REQUIRES: at least one is added.
struct FlowGraph {
  Digraph graph;
  Digraph added;

  size_t size() const { return graph.size() + added.size(); }
  Vertex root() const { return static_cast<Vertex>(size() - 1); }
  void PrefetchBegin(Vertex v) const {
    if (v < graph.size()) __builtin_prefetch(&graph.begin[v]);
  }
  absl::Span<const Vertex> Targets(Vertex v) const {
    return v < graph.size()
               ? graph.Targets(v)
               : added.Targets(v - static_cast<Vertex>(graph.size()));
  }
};

struct DominatorTree {
  // By Vertex of the whole: the immediate dominator; kNoVertex for the root and
  // what it does not reach.
  BigVector<Vertex> parent;
  // What the root reaches, the root first, parents before children.
  BigVector<Vertex> order;
};

DominatorTree Dominators(const FlowGraph& flow);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_DOMINATORS_H_

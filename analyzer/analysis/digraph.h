// digraph.h: a directed graph as compressed rows, for algorithms that need to
// know no more: the edges of vertex v are target[begin[v]] to
// target[begin[v + 1] - 1]. Parallel edges and self edges are allowed.
//
// Invariant: begin has size() + 1 entries, ascending from 0 to target.size(),
// and every target is < size(). A Digraph is a view: what it shows must outlive
// it. Thread-safe: nothing is written.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_DIGRAPH_H_
#define HEAPLINE_ANALYZER_ANALYSIS_DIGRAPH_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "analyzer/base/big_vector.h"

namespace heapline {

// Dense, from 0.
using Vertex = uint32_t;
inline constexpr Vertex kNoVertex = UINT32_MAX;
// No graph has more vertices or edges: the rest of a file is left out.
inline constexpr size_t kMostVertices = INT32_MAX;
inline constexpr size_t kMostEdges = UINT32_MAX - 1;

// Edges by their indices into Digraph::target, for a range-based for.
class EdgeRange {
 public:
  class Iterator {
   public:
    explicit Iterator(uint32_t edge) : edge_(edge) {}
    uint32_t operator*() const { return edge_; }
    Iterator& operator++() {
      ++edge_;
      return *this;
    }
    bool operator!=(const Iterator& other) const {
      return edge_ != other.edge_;
    }

   private:
    uint32_t edge_;
  };

  // Those below `end`, from `begin` up.
  EdgeRange(uint32_t begin, uint32_t end) : begin_(begin), end_(end) {}
  Iterator begin() const { return Iterator(begin_); }
  Iterator end() const { return Iterator(end_); }

 private:
  uint32_t begin_;
  uint32_t end_;
};

struct Digraph {
  absl::Span<const uint32_t> begin;
  absl::Span<const Vertex> target;

  size_t size() const { return begin.empty() ? 0 : begin.size() - 1; }
  absl::Span<const Vertex> Targets(Vertex v) const {
    return {target.data() + begin[v], begin[v + 1] - begin[v]};
  }
  EdgeRange EdgesOf(Vertex v) const { return {begin[v], begin[v + 1]}; }
};

// A Digraph that owns its rows.
struct DigraphRows {
  BigVector<uint32_t> begin;
  BigVector<Vertex> target;
  Digraph view() const { return {begin, target}; }
};

// Every edge turned round; of each vertex by ascending source.
DigraphRows Reversed(const Digraph& graph);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_DIGRAPH_H_

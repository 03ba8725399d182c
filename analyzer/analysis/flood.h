// flood.h: what a set of vertices reaches, breadth first. The queue says long
// before which rows and marks will be read, so memory is asked for in time.
//
// Invariant: each vertex is queued once, so a flood takes time in proportion to
// the graph; no recursion. Memory: 4 bytes a vertex reached.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_FLOOD_H_
#define HEAPLINE_ANALYZER_ANALYSIS_FLOOD_H_

#include <cstddef>
#include <cstdint>

#include "analyzer/analysis/digraph.h"
#include "analyzer/base/big_vector.h"

namespace heapline {

// A flood of one mark over vertices that have another.
class Flood {
 public:
  // What both point at must outlive this.
  Flood(const Digraph& graph, BigVector<uint8_t>* marks)
      : graph_(graph), marks_(*marks) {}

  // Begins anew, without vertices.
  void Start(uint8_t unmarked, uint8_t mark) {
    queue_.clear();
    unmarked_ = unmarked;
    mark_ = mark;
  }
  // From `v` too, unless it is not `unmarked`.
  void Add(Vertex v) {
    if (marks_[v] != unmarked_) return;
    marks_[v] = mark_;
    queue_.push_back(v);
  }
  // Adds all that is reached by edges with follow(index into graph.target).
  template <typename Follow>
  void Run(Follow follow) {
    for (size_t at = 0; at < queue_.size(); ++at) {
      Prefetch(at);
      const Vertex v = queue_[at];
      for (const uint32_t e : graph_.EdgesOf(v)) {
        if (follow(e)) Add(graph_.target[e]);
      }
    }
  }
  // All that was added, nearest first.
  const BigVector<Vertex>& reached() const { return queue_; }

 private:
  static constexpr size_t kAhead = 12;  // vertices
  static constexpr uint32_t kMostTargets = 8;

  void Prefetch(size_t at) const {
    const size_t count = queue_.size();
    if (at + 3 * kAhead < count) {
      __builtin_prefetch(&graph_.begin[queue_[at + 3 * kAhead]]);
    }
    if (at + 2 * kAhead < count) {
      __builtin_prefetch(graph_.Targets(queue_[at + 2 * kAhead]).data());
    }
    if (at + kAhead < count) {
      uint32_t left = kMostTargets;
      for (const Vertex to : graph_.Targets(queue_[at + kAhead])) {
        if (left-- == 0) break;
        __builtin_prefetch(&marks_[to]);
      }
    }
  }

  const Digraph graph_;
  BigVector<uint8_t>& marks_;
  BigVector<Vertex> queue_;
  uint8_t unmarked_ = 0;
  uint8_t mark_ = 1;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_FLOOD_H_

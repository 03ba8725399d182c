// Semi-NCA (Georgiadis): vertices are numbered in depth-first order and all
// work is done on the numbers, so that what is near in the graph is near in
// memory.
//
// Invariant: for each number but 0, parent < number, and semi and the immediate
// dominator are < number.
#include "analyzer/analysis/dominators.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace heapline {
namespace {

using Number = uint32_t;  // in depth-first order; 0 is the root
constexpr Number kNoNumber = UINT32_MAX;
constexpr uint32_t kAhead = 12;  // how early memory is asked for

class SemiNca {
 public:
  explicit SemiNca(const FlowGraph& flow) : flow_(flow) {}

  DominatorTree Run() {
    NumberVertices();
    CollectSources();
    FindSemidominators();
    DominatorTree tree;
    tree.order = std::move(vertex_);
    tree.parent.assign(flow_.size(), kNoVertex);
    for (Number n = 1; n < tree.order.size(); ++n) {
      // The semidominator's nearest common ancestor with the tree's parent.
      while (dominator_[n] > forest_[n].semi) {
        dominator_[n] = dominator_[dominator_[n]];
      }
      tree.parent[tree.order[n]] = tree.order[dominator_[n]];
    }
    return tree;
  }

 private:
  // A vertex in the forest of those whose semidominator is known.
  struct Link {
    Number parent;  // shortened as it is walked
    Number label;   // of least semidominator on what was shortened
    Number semi;
  };

  // What is known of a vertex while numbers are given.
  struct Met {
    Number number = kNoNumber;
    uint32_t sources = 0;  // edges to it; then where its row goes on
  };

  void NumberVertices() {
    struct Step {
      Vertex vertex;
      uint32_t next;  // target to be looked at
    };
    met_.resize(flow_.size());
    vertex_.reserve(flow_.size());
    dominator_.reserve(flow_.size());
    BigVector<Step> path;
    const auto enter = [&](Vertex v, Number parent) {
      met_[v].number = static_cast<Number>(vertex_.size());
      vertex_.push_back(v);
      dominator_.push_back(parent);
      path.push_back({v, 0});
    };
    enter(flow_.root(), 0);
    while (!path.empty()) {
      Step& step = path.back();
      const absl::Span<const Vertex> targets = flow_.Targets(step.vertex);
      const Number number = met_[step.vertex].number;
      Vertex to = kNoVertex;
      while (step.next < targets.size()) {
        Met& met = met_[targets[step.next++]];
        ++met.sources;  // each edge is looked at once
        if (met.number != kNoNumber) continue;
        to = targets[step.next - 1];
        break;
      }
      if (to == kNoVertex) {
        path.pop_back();
      } else {
        enter(to, number);
      }
    }
  }

  // Rows of the numbers that have an edge to each number.
  void CollectSources() {
    source_begin_.reserve(vertex_.size() + 1);
    uint32_t next = 0;
    for (Number n = 0; n < vertex_.size(); ++n) {
      if (n + kAhead < vertex_.size()) {
        __builtin_prefetch(&met_[vertex_[n + kAhead]]);
      }
      source_begin_.push_back(next);
      uint32_t& sources = met_[vertex_[n]].sources;
      next += sources;
      sources = next - sources;
    }
    source_begin_.push_back(next);
    source_.resize(next);
    for (Number n = 0; n < vertex_.size(); ++n) {
      PrefetchRows(n);
      for (const Vertex to : flow_.Targets(vertex_[n])) {
        source_[met_[to].sources++] = n;
      }
    }
    met_ = {};
  }

  // Rows are read in an order that no processor foresees; we know it.
  void PrefetchRows(Number n) const {
    if (n + 3 * kAhead < vertex_.size()) {
      flow_.PrefetchBegin(vertex_[n + 3 * kAhead]);
    }
    if (n + 2 * kAhead < vertex_.size()) {
      __builtin_prefetch(flow_.Targets(vertex_[n + 2 * kAhead]).data());
    }
    if (n + kAhead < vertex_.size()) {
      size_t most = 8;
      for (const Vertex to : flow_.Targets(vertex_[n + kAhead])) {
        if (most-- == 0) break;
        __builtin_prefetch(&met_[to]);
      }
    }
  }

  void FindSemidominators() {
    forest_.reserve(vertex_.size());
    for (Number n = 0; n < vertex_.size(); ++n) {
      forest_.push_back({dominator_[n], n, n});
    }
    uint32_t i = source_begin_.back();
    for (auto n = static_cast<Number>(vertex_.size() - 1); n > 0; --n) {
      Number semi = forest_[n].parent;
      while (i > source_begin_[n]) {
        --i;
        if (i >= kAhead) __builtin_prefetch(&forest_[source_[i - kAhead]]);
        // A number not yet linked is its own semidominator so far.
        const Number source = source_[i];
        semi = std::min(
            semi, source <= n ? source : forest_[Evaluate(source, n)].semi);
      }
      forest_[n].semi = semi;
    }
    source_ = {};
    source_begin_ = {};
  }

  // The number of least semidominator on the way from n up to, and without,
  // the root of its tree in the forest of numbers > bound. REQUIRES: n > bound.
  Number Evaluate(Number n, Number bound) {
    if (forest_[n].parent <= bound) return forest_[n].label;
    way_.clear();
    while (forest_[n].parent > bound) {
      way_.push_back(n);
      n = forest_[n].parent;
    }
    // From the top down: each takes the better label and the higher parent.
    for (; !way_.empty(); way_.pop_back()) {
      Link& below = forest_[way_.back()];
      const Link& above = forest_[n];
      if (forest_[above.label].semi < forest_[below.label].semi) {
        below.label = above.label;
      }
      below.parent = above.parent;
      n = way_.back();
    }
    return forest_[n].label;
  }

  const FlowGraph& flow_;
  BigVector<Vertex> vertex_;     // by Number
  BigVector<Number> dominator_;  // by Number; at first the tree's parent
  BigVector<Met> met_;           // by Vertex
  BigVector<uint32_t> source_begin_;
  BigVector<Number> source_;
  BigVector<Link> forest_;  // by Number
  std::vector<Number> way_;
};

}  // namespace

DominatorTree Dominators(const FlowGraph& flow) { return SemiNca(flow).Run(); }

}  // namespace heapline

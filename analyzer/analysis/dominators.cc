// Semi-NCA (Georgiadis): vertices are numbered in depth-first order and all
// work is done on the numbers, so that what is near in the graph is near in
// memory.
//
// Invariant: for each number but 0, parent < number, and semi and the immediate
// dominator are < number.
#include "analyzer/analysis/dominators.h"

#include <algorithm>
#include <utility>

namespace heapline {
namespace {

using Number = uint32_t;  // in depth-first order; 0 is the root
constexpr Number kNoNumber = UINT32_MAX;

class SemiNca {
 public:
  explicit SemiNca(const FlowGraph& flow) : flow_(flow) {}

  DominatorTree Run() {
    NumberVertices();
    CollectSources();
    FindSemidominators();
    DominatorTree tree;
    tree.order = std::move(vertex_);
    tree.parent = std::move(number_of_);
    std::fill(tree.parent.begin(), tree.parent.end(), kNoVertex);
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

  void NumberVertices() {
    struct Step {
      Vertex vertex;
      uint32_t next;  // target to be looked at
    };
    number_of_.assign(flow_.size(), kNoNumber);
    std::vector<Step> path;
    const auto enter = [&](Vertex v, Number parent) {
      number_of_[v] = static_cast<Number>(vertex_.size());
      vertex_.push_back(v);
      dominator_.push_back(parent);
      path.push_back({v, 0});
    };
    enter(flow_.root(), 0);
    while (!path.empty()) {
      Step& step = path.back();
      const absl::Span<const Vertex> targets = flow_.Targets(step.vertex);
      while (step.next < targets.size() &&
             number_of_[targets[step.next]] != kNoNumber) {
        ++step.next;
      }
      if (step.next == targets.size()) {
        path.pop_back();
      } else {
        enter(targets[step.next++], number_of_[step.vertex]);
      }
    }
  }

  // Rows of the numbers that have an edge to each number.
  void CollectSources() {
    source_begin_.assign(vertex_.size() + 2, 0);
    for (const Vertex v : vertex_) {
      for (const Vertex to : flow_.Targets(v)) {
        ++source_begin_[number_of_[to] + 2];
      }
    }
    for (size_t i = 1; i < source_begin_.size(); ++i) {
      source_begin_[i] += source_begin_[i - 1];
    }
    source_.resize(source_begin_.back());
    for (Number n = 0; n < vertex_.size(); ++n) {
      for (const Vertex to : flow_.Targets(vertex_[n])) {
        source_[source_begin_[number_of_[to] + 1]++] = n;
      }
    }
  }

  void FindSemidominators() {
    forest_.reserve(vertex_.size());
    for (Number n = 0; n < vertex_.size(); ++n) {
      forest_.push_back({dominator_[n], n, n});
    }
    for (auto n = static_cast<Number>(vertex_.size() - 1); n > 0; --n) {
      Number semi = forest_[n].parent;
      for (uint32_t i = source_begin_[n]; i < source_begin_[n + 1]; ++i) {
        semi = std::min(semi, forest_[Evaluate(source_[i], n)].semi);
      }
      forest_[n].semi = semi;
    }
    source_ = {};
    source_begin_ = {};
  }

  // The number of least semidominator on the way from n up to, and without,
  // the root of its tree in the forest of numbers > bound; n where it is none
  // of them.
  Number Evaluate(Number n, Number bound) {
    if (n <= bound || forest_[n].parent <= bound) return forest_[n].label;
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
  std::vector<Vertex> vertex_;     // by Number
  std::vector<Number> number_of_;  // by Vertex
  std::vector<Number> dominator_;  // by Number; at first the tree's parent
  std::vector<uint32_t> source_begin_;
  std::vector<Number> source_;
  std::vector<Link> forest_;
  std::vector<Number> way_;
};

}  // namespace

DominatorTree Dominators(const FlowGraph& flow) { return SemiNca(flow).Run(); }

std::vector<uint64_t> RetainedSums(const DominatorTree& tree,
                                   std::vector<uint64_t> own) {
  own.resize(tree.parent.size(), 0);
  if (tree.order.empty()) return own;
  for (size_t v = 0; v + 1 < tree.parent.size(); ++v) {
    if (tree.parent[v] == kNoVertex) own[v] = 0;
  }
  for (size_t i = tree.order.size() - 1; i > 0; --i) {
    const Vertex v = tree.order[i];
    own[tree.parent[v]] += own[v];
  }
  return own;
}

}  // namespace heapline

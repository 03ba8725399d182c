// LabelOf: lists and parent links by what their references look like.
//
// Invariant: an offset is taken from where its object is pointed to, so that a
// list's head inside of a larger object is an element as the others are.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "analyzer/analysis/cycles.h"

namespace heapline {
namespace {

// Parallel references between two objects that are looked at, and offsets
// tried as the one of a link to a parent.
constexpr size_t kMostParallel = 16;
constexpr size_t kMostLinkOffsets = 16;

using Pair = std::pair<int64_t, int64_t>;  // offsets of next and prev
using Ends = std::pair<Vertex, Vertex>;

int64_t BytesOf(Place place) { return int64_t{place} * 8; }

class Labeller {
 public:
  explicit Labeller(const ObjectGraph& graph,
                    const std::vector<CycleEdge>& edges)
      : graph_(graph), edges_(edges) {
    for (const CycleEdge& edge : edges) {
      if (edge.place >= kOnePastEnd) has_odd_place_ = true;
      by_ends_[{edge.from, edge.to}].push_back(&edge);
      objects_.insert(edge.from);
      const auto [row, is_new] = begin_.try_emplace(edge.to, edge.place);
      if (!is_new) row->second = std::min(row->second, edge.place);
    }
  }

  CycleLabel Run() const {
    if (has_odd_place_ || objects_.size() < 2) return CycleLabel::kOwnership;
    if (IsList()) return CycleLabel::kList;
    return HasParentLinks() ? CycleLabel::kParentLink : CycleLabel::kOwnership;
  }

 private:
  // The pairs of offsets by which some reference answers this one.
  std::vector<Pair> AnswersTo(const CycleEdge& edge) const {
    std::vector<Pair> pairs;
    const auto row = by_ends_.find({edge.to, edge.from});
    if (row == by_ends_.end()) return pairs;
    const size_t count = std::min(row->second.size(), kMostParallel);
    for (size_t i = 0; i < count; ++i) {
      const CycleEdge& back = *row->second[i];
      const int64_t here =
          static_cast<int64_t>(edge.offset) - BytesOf(back.place);
      const int64_t there =
          static_cast<int64_t>(back.offset) - BytesOf(edge.place);
      if (here != there) pairs.push_back(std::minmax(here, there));
    }
    std::sort(pairs.begin(), pairs.end());
    pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    return pairs;
  }

  bool IsList() const {
    if (objects_.size() == 2) {
      // Two that refer to each other once, and differ, are no elements of one
      // list; nor are two whose references land at several places.
      const uint64_t a = graph_.RequestedBytes(edges_.front().from);
      const uint64_t b = graph_.RequestedBytes(edges_.back().from);
      if (edges_.size() < 4 && a != b) return false;
      for (const CycleEdge& edge : edges_) {
        if (begin_.at(edge.to) != edge.place) return false;
      }
    }
    std::vector<Pair> common = AnswersTo(edges_.front());
    for (const CycleEdge& edge : edges_) {
      const std::vector<Pair> answers = AnswersTo(edge);
      std::vector<Pair> both;
      std::set_intersection(common.begin(), common.end(), answers.begin(),
                            answers.end(), std::back_inserter(both));
      common = std::move(both);
      if (common.empty()) return false;
    }
    return true;
  }

  int64_t LinkOffset(const CycleEdge& edge) const {
    const auto row = begin_.find(edge.from);
    return static_cast<int64_t>(edge.offset) -
           (row == begin_.end() ? 0 : BytesOf(row->second));
  }

  bool HasParentLinks() const {
    std::vector<int64_t> offsets;
    for (const CycleEdge& edge : edges_) {
      const int64_t offset = LinkOffset(edge);
      if (std::find(offsets.begin(), offsets.end(), offset) == offsets.end()) {
        offsets.push_back(offset);
      }
      if (offsets.size() > kMostLinkOffsets) return false;
    }
    return offsets.size() > 1 &&
           std::any_of(offsets.begin(), offsets.end(), [this](int64_t offset) {
             return IsTreeWithout(offset);
           });
  }

  // Every reference at `offset` is answered by one at another offset or object,
  // and without them nothing goes in a circle.
  bool IsTreeWithout(int64_t offset) const {
    absl::flat_hash_map<Vertex, uint32_t> references;  // to each, that remain
    for (const CycleEdge& edge : edges_) {
      if (LinkOffset(edge) != offset) {
        ++references[edge.to];
      } else if (!by_ends_.contains({edge.to, edge.from})) {
        return false;
      }
    }
    absl::flat_hash_map<Vertex, std::vector<Vertex>> next;
    for (const CycleEdge& edge : edges_) {
      if (LinkOffset(edge) != offset) next[edge.from].push_back(edge.to);
    }
    std::vector<Vertex> free;
    for (const Vertex v : objects_) {
      if (!references.contains(v)) free.push_back(v);
    }
    size_t taken = 0;
    while (!free.empty()) {
      const Vertex v = free.back();
      free.pop_back();
      ++taken;
      const auto row = next.find(v);
      if (row == next.end()) continue;
      for (const Vertex to : row->second) {
        if (--references[to] == 0) free.push_back(to);
      }
    }
    return taken == objects_.size();
  }

  const ObjectGraph& graph_;
  const std::vector<CycleEdge>& edges_;
  bool has_odd_place_ = false;
  absl::flat_hash_map<Ends, std::vector<const CycleEdge*>> by_ends_;
  absl::flat_hash_set<Vertex> objects_;
  absl::flat_hash_map<Vertex, Place> begin_;  // where it is pointed to first
};

}  // namespace

CycleLabel LabelOf(const ObjectGraph& graph,
                   const std::vector<CycleEdge>& edges) {
  if (edges.empty()) return CycleLabel::kOwnership;
  return Labeller(graph, edges).Run();
}

}  // namespace heapline

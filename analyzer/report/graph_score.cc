// Invariant: a flag by Vertex is of the exact graph; what is found in the
// traced one is carried over by address first.
#include "analyzer/report/graph_score.h"

#include <algorithm>

#include "analyzer/analysis/cycles.h"
#include "analyzer/analysis/root_paths.h"
#include "analyzer/base/big_vector.h"

namespace heapline {
namespace {

using Flags = std::vector<bool>;  // by Vertex of the exact graph

double PartOfWhole(uint64_t part, uint64_t whole) {
  return whole == 0 ? 1
                    : static_cast<double>(part) / static_cast<double>(whole);
}

// By Vertex of `from`: the object of `to` that begins at the same address. From
// the end: of two at one address the container stands before the pool's block,
// which is what an address means.
BigVector<Vertex> SameObjects(const ObjectGraph& from, const ObjectGraph& to) {
  BigVector<Vertex> same(from.size(), kNoVertex);
  size_t v = from.size(), at = to.size();
  while (v > 0 && at > 0) {
    const uint64_t address = from.Address(static_cast<Vertex>(v - 1));
    const uint64_t other = to.Address(static_cast<Vertex>(at - 1));
    if (address >= other) --v;
    if (other >= address) --at;
    if (address == other) same[v] = static_cast<Vertex>(at);
  }
  return same;
}

Accuracy Compare(const Flags& real, const Flags& shown) {
  Accuracy accuracy;
  for (size_t v = 0; v < real.size(); ++v) {
    if (real[v]) ++accuracy.real;
    if (shown[v]) ++accuracy.shown;
    if (real[v] && shown[v]) ++accuracy.shown_right;
  }
  accuracy.real_found = accuracy.shown_right;
  return accuracy;
}

class Scorer {
 public:
  Scorer(GraphSide* exact, GraphSide* traced)
      : exact_(exact),
        traced_(traced),
        traced_of_(SameObjects(exact->graph(), traced->graph())),
        exact_of_(SameObjects(traced->graph(), exact->graph())) {}

  GraphScore Run() const {
    GraphScore score;
    score.cycles = Cycles();
    score.direct_leaks = Leaks(kDirectLeak);
    score.indirect_leaks = Leaks(kIndirectLeak);
    score.paths = Paths();
    score.types = Types();
    return score;
  }

 private:
  size_t size() const { return exact_->graph().size(); }

  Accuracy Cycles() const {
    Flags real(size()), shown(size());
    for (const Cycle& cycle : exact_->cycles()) {
      if (cycle.is_reachable) continue;
      for (const Vertex v : cycle.members) real[v] = true;
    }
    for (const Cycle& cycle : traced_->cycles()) {
      if (!IsGarbage(cycle)) continue;
      for (const Vertex v : cycle.members) {
        if (exact_of_[v] != kNoVertex) shown[exact_of_[v]] = true;
      }
    }
    return Compare(real, shown);
  }

  Accuracy Leaks(LeakKinds kind) const {
    Flags real(size()), shown(size());
    for (Vertex v = 0; v < size(); ++v) {
      real[v] = exact_->leaks().kind[v] == kind;
      shown[v] = traced_of_[v] != kNoVertex &&
                 traced_->leaks().kind[traced_of_[v]] == kind;
    }
    return Compare(real, shown);
  }

  // Whether the word that a path takes to `v` is one: from an object of the
  // exact graph an owning reference, from elsewhere a root.
  bool IsRealHop(const DigraphRows& edges, const Flags& is_root, Vertex from,
                 Vertex v) const {
    if (from == kNoVertex) return is_root[v];
    const absl::Span<const Vertex> targets = edges.view().Targets(from);
    return std::binary_search(targets.begin(), targets.end(), v);
  }

  Accuracy Paths() const {
    const ObjectGraph& graph = exact_->graph();
    DigraphRows edges;
    edges.begin.assign(graph.edges().begin.begin(), graph.edges().begin.end());
    edges.target.assign(graph.edges().target.begin(),
                        graph.edges().target.end());
    for (Vertex v = 0; v < size(); ++v) {
      std::sort(edges.target.begin() + edges.begin[v],
                edges.target.begin() + edges.begin[v + 1]);
    }
    Flags is_root(size());
    for (const RootReference& root : graph.roots()) {
      is_root[root.object] = true;
    }
    // Of the path to each object of the traced graph.
    struct Hops {
      uint64_t all = 0;
      uint64_t real = 0;
    };
    BigVector<Hops> hops(traced_->graph().size());
    const PathsFromRoots paths(traced_->graph());
    Accuracy accuracy;
    for (const Vertex to : paths.order()) {
      const Vertex before = paths.Before(to);
      if (before != to) hops[to] = hops[before];
      const Vertex v = exact_of_[to];
      if (v == kNoVertex) continue;
      const Vertex from = before == to ? kNoVertex : exact_of_[before];
      ++hops[to].all;
      if (IsRealHop(edges, is_root, from, v)) ++hops[to].real;
      accuracy.shown += hops[to].all;
      accuracy.shown_right += hops[to].real;
      if (IsHeld(*exact_, v)) ++accuracy.real_found;
    }
    for (Vertex v = 0; v < size(); ++v) accuracy.real += IsHeld(*exact_, v);
    return accuracy;
  }

  static bool IsHeld(const GraphSide& side, Vertex v) {
    return side.reachability().held_by[v] != kNotHeld;
  }

  Accuracy Types() const {
    Accuracy accuracy;
    for (Vertex v = 0; v < size(); ++v) {
      const std::string& type = exact_->TypeOf(v);
      if (!type.empty()) ++accuracy.real;
      if (traced_of_[v] == kNoVertex) continue;
      const std::string& shown = traced_->TypeOf(traced_of_[v]);
      if (shown.empty()) continue;
      ++accuracy.shown;
      if (shown == type) ++accuracy.shown_right;
    }
    accuracy.real_found = accuracy.shown_right;
    return accuracy;
  }

  GraphSide* const exact_;
  GraphSide* const traced_;
  const BigVector<Vertex> traced_of_;
  const BigVector<Vertex> exact_of_;
};

}  // namespace

double Accuracy::Precision() const { return PartOfWhole(shown_right, shown); }
double Accuracy::Recall() const { return PartOfWhole(real_found, real); }

Accuracy& Accuracy::operator+=(const Accuracy& other) {
  shown += other.shown;
  shown_right += other.shown_right;
  real += other.real;
  real_found += other.real_found;
  return *this;
}

const std::array<ScoreRow, 5>& ScoreRows() {
  static constexpr std::array<ScoreRow, 5> kRows = {{
      {"cycles", "cycles", &GraphScore::cycles},
      {"direct leaks", "direct_leaks", &GraphScore::direct_leaks},
      {"indirect leaks", "indirect_leaks", &GraphScore::indirect_leaks},
      {"paths", "paths", &GraphScore::paths},
      {"types", "types", &GraphScore::types},
  }};
  return kRows;
}

GraphScore& GraphScore::operator+=(const GraphScore& other) {
  for (const ScoreRow& row : ScoreRows()) {
    this->*row.accuracy += other.*row.accuracy;
  }
  return *this;
}

GraphScore ScoreOf(GraphSide* exact, GraphSide* traced) {
  return Scorer(exact, traced).Run();
}

bool ObjectSizes::operator==(const ObjectSizes& other) const {
  return shallow_bytes == other.shallow_bytes &&
         deep_bytes == other.deep_bytes &&
         retained_bytes == other.retained_bytes &&
         retained_count == other.retained_count;
}

ObjectSizes SizesOf(GraphSide* side, uint64_t address) {
  const ObjectGraph& graph = side->graph();
  const Vertex object = graph.ObjectAt(address);
  ObjectSizes sizes;
  if (object == kNoVertex || graph.Address(object) != address) return sizes;
  sizes.shallow_bytes = graph.Bytes(object);
  sizes.deep_bytes = DeepSizeOf(graph, object).bytes;
  sizes.retained_bytes = side->retention().RetainedBytes(object);
  sizes.retained_count = side->retention().RetainedCount(object);
  return sizes;
}

}  // namespace heapline

// Invariant: what a vertex dominates is an interval of the walk's order, so the
// bytes of a set below it are a difference of two sums.
#include "analyzer/analysis/holders.h"

#include <algorithm>
#include <cstddef>

namespace heapline {
namespace {

// A member of a set: its place in the walk, and the set's bytes before it.
struct Member {
  uint32_t place;
  uint64_t bytes_before;
};

class HolderFinder {
 public:
  HolderFinder(const ObjectGraph& graph, const Retention& retention,
               const BigVector<uint32_t>& set_of, uint32_t set_count)
      : graph_(graph),
        retention_(retention),
        set_of_(set_of),
        dominated_(DominatedBy(retention)),
        members_(set_count),
        bytes_(set_count),
        middle_(set_count, kNoVertex),
        holders_(set_count) {}

  std::vector<Holder> Run() {
    Number();
    FindMiddles();
    const auto ignore = [](Vertex) {};
    WalkDominators(
        dominated_.view(), retention_.root(),
        [this](Vertex v, const std::vector<Vertex>& path) {
          const uint32_t set = SetOf(v);
          if (set != kNoLabel && middle_[set] == v) Judge(set, path);
        },
        ignore);
    return std::move(holders_);
  }

 private:
  uint32_t SetOf(Vertex v) const {
    return v < set_of_.size() ? set_of_[v] : kNoLabel;
  }

  // Gives every vertex its interval and lists the members in order.
  void Number() {
    begin_.resize(dominated_.begin.size());
    end_.resize(dominated_.begin.size());
    uint32_t place = 0;
    WalkDominators(
        dominated_.view(), retention_.root(),
        [&](Vertex v, const std::vector<Vertex>&) {
          begin_[v] = place;
          const uint32_t set = SetOf(v);
          if (set != kNoLabel) {
            members_[set].push_back({place, bytes_[set]});
            bytes_[set] += graph_.Bytes(v);
            order_.push_back(v);
          }
          ++place;
        },
        [&](Vertex v) { end_[v] = place; });
  }

  // Of each set the member in the middle of its bytes: whatever holds more than
  // half of them holds it.
  void FindMiddles() {
    std::vector<uint32_t> next(members_.size(), 0);
    for (const Vertex v : order_) {
      const uint32_t set = SetOf(v);
      const Member& member = members_[set][next[set]++];
      if (member.bytes_before <= bytes_[set] / 2) middle_[set] = v;
    }
  }

  uint64_t BytesBelow(uint32_t set, Vertex v) const {
    const std::vector<Member>& members = members_[set];
    const auto at = [&](uint32_t place) {
      const auto member = std::lower_bound(
          members.begin(), members.end(), place,
          [](const Member& m, uint32_t wanted) { return m.place < wanted; });
      return member == members.end() ? bytes_[set] : member->bytes_before;
    };
    return at(end_[v]) - at(begin_[v]);
  }

  // `path` leads from the root to the set's middle.
  void Judge(uint32_t set, const std::vector<Vertex>& path) {
    Holder& holder = holders_[set];
    holder = {retention_.root(), retention_.root(), bytes_[set]};
    const uint64_t of_top = BytesBelow(set, path[1]);
    if (of_top <= bytes_[set] / 2) return;
    const uint64_t enough = of_top - of_top / 10;
    // Below each other on the path there is ever less.
    const auto too_little = std::partition_point(
        path.begin() + 1, path.end(),
        [&](Vertex v) { return BytesBelow(set, v) >= enough; });
    for (auto at = too_little; at != path.begin() + 1;) {
      --at;
      if (SetOf(*at) == set) continue;
      holder = {*at, path[1], BytesBelow(set, *at)};
      return;
    }
  }

  const ObjectGraph& graph_;
  const Retention& retention_;
  const BigVector<uint32_t>& set_of_;
  const DigraphRows dominated_;
  BigVector<uint32_t> begin_, end_;           // by vertex of any kind
  std::vector<std::vector<Member>> members_;  // these four: by set
  std::vector<uint64_t> bytes_;
  std::vector<Vertex> middle_;
  std::vector<Holder> holders_;
  BigVector<Vertex> order_;  // members of all sets, in the walk's order
};

}  // namespace

std::vector<Holder> HoldersOf(const ObjectGraph& graph,
                              const Retention& retention,
                              const BigVector<uint32_t>& set_of,
                              uint32_t set_count) {
  return HolderFinder(graph, retention, set_of, set_count).Run();
}

}  // namespace heapline

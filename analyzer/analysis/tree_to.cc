// Trees up. Invariant: row_of_ names the one row of each object that has been
// met; rows are shown in the order in which they were made.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "analyzer/analysis/dominator_walk.h"
#include "analyzer/analysis/reference_tree.h"
#include "analyzer/analysis/tree_rows.h"

namespace heapline {
namespace {

class UpTree {
 public:
  UpTree(const ObjectGraph& graph, const Retention& retention,
         absl::Span<const uint32_t> group_of_root,
         absl::Span<const uint8_t> leads, absl::Span<const uint32_t> groups,
         NameOfObject name_of, TreeLimits limits)
      : graph_(graph),
        retention_(retention),
        group_of_root_(group_of_root),
        leads_(leads),
        groups_(groups),
        name_of_(name_of),
        limits_(limits),
        reversed_(Reversed(graph.edges())),
        row_of_(graph.size(), kNoLabel) {
    for (uint32_t i = 0; i < graph.roots().size(); ++i) roots_.push_back(i);
    std::stable_sort(roots_.begin(), roots_.end(), [&](uint32_t a, uint32_t b) {
      return graph.roots()[a].object < graph.roots()[b].object;
    });
  }

  std::vector<TreeRow> Run(absl::Span<const Vertex> objects, uint32_t name) {
    GrowingRow first;
    first.row.kind = TreeRow::Kind::kObjects;
    first.row.name = name;
    first.row.vertex = objects.front();
    first.members.assign(objects.begin(), objects.end());
    for (const Vertex v : objects) row_of_[v] = 0;
    shown_.push_back(std::move(first));
    // Rows at the end of the vector wait for their turn.
    for (uint32_t index = 0; index < shown_.size(); ++index) {
      if (shown_[index].row.depth >= limits_.depth ||
          shown_[index].row.kind != TreeRow::Kind::kObjects) {
        continue;
      }
      Expand(index);
    }
    Weigh();
    NoteAllReferences();
    return InReadingOrder(
        shown_,
        [this](const GrowingRow& growing, uint32_t place,
               std::vector<TreeRow>* rows) { AddRest(growing, place, rows); });
  }

 private:
  bool MayStand(Vertex v) const { return leads_.empty() || leads_[v] != 0; }
  bool MayStandGroup(uint32_t group) const {
    return groups_.empty() ||
           std::binary_search(groups_.begin(), groups_.end(), group);
  }

  // What refers to members of the row, by name; groups of roots by themselves.
  void Expand(uint32_t index) {
    shown_[index].is_expanded = true;
    std::vector<GrowingRow> found;
    absl::flat_hash_map<uint32_t, size_t> by_name, by_group;
    const auto row_named = [&](TreeRow::Kind kind, uint32_t name) {
      auto& places = kind == TreeRow::Kind::kHolder ? by_group : by_name;
      const auto [place, is_new] = places.try_emplace(name, found.size());
      if (is_new) {
        found.emplace_back();
        TreeRow& row = found.back().row;
        row.kind = kind;
        row.name = name;
        row.parent = index;
        row.depth = shown_[index].row.depth + 1;
        if (kind == TreeRow::Kind::kHolder) {
          row.vertex = retention_.GroupVertex(name);
        }
      }
      return place->second;
    };
    for (const Vertex member : shown_[index].members) {
      for (auto at = FirstRootOf(member);
           at != roots_.end() && graph_.roots()[*at].object == member; ++at) {
        const uint32_t group = group_of_root_[*at];
        if (!MayStandGroup(group)) continue;
        ++found[row_named(TreeRow::Kind::kHolder, group)].row.references;
      }
      for (const Vertex from : reversed_.view().Targets(member)) {
        if (!MayStand(from)) continue;
        const uint32_t known = row_of_[from];
        if (known != kNoLabel && known != kFound) continue;
        const size_t place = row_named(TreeRow::Kind::kObjects, name_of_(from));
        ++found[place].row.references;
        if (known == kFound) continue;
        row_of_[from] = kFound;
        found[place].members.push_back(from);
      }
    }
    for (GrowingRow& growing : found) AbsorbAlike(&growing);
    std::sort(found.begin(), found.end(), IsBefore);
    for (GrowingRow& growing : found) Settle(index, std::move(growing));
  }

  // What is named alike and refers to a member is a member.
  void AbsorbAlike(GrowingRow* growing) {
    if (growing->row.kind != TreeRow::Kind::kObjects) return;
    for (size_t i = 0; i < growing->members.size(); ++i) {
      for (const Vertex from : reversed_.view().Targets(growing->members[i])) {
        if (row_of_[from] != kNoLabel || !MayStand(from) ||
            name_of_(from) != growing->row.name) {
          continue;
        }
        row_of_[from] = kFound;
        growing->members.push_back(from);
      }
    }
    std::sort(growing->members.begin(), growing->members.end());
    growing->row.vertex = growing->members.front();
  }

  static bool IsBefore(const GrowingRow& a, const GrowingRow& b) {
    // Roots end a path: they come first.
    if (a.row.kind != b.row.kind) return a.row.kind == TreeRow::Kind::kHolder;
    return a.row.references != b.row.references
               ? a.row.references > b.row.references
               : a.row.vertex < b.row.vertex;
  }

  // Shows the row, or counts it with the rest of the row above.
  void Settle(uint32_t above, GrowingRow growing) {
    const auto index = static_cast<uint32_t>(shown_.size());
    const bool is_shown = index < limits_.rows;
    for (const Vertex v : growing.members) {
      row_of_[v] = is_shown ? index : kHidden;
    }
    if (is_shown) {
      shown_[above].below.push_back(index);
      shown_.push_back(std::move(growing));
      return;
    }
    TreeRow& rest = rests_[above];
    ++rest.hidden_rows;
    rest.references += growing.row.references;
    AddMembers(graph_, growing.members, &rest);
  }

  std::vector<uint32_t>::const_iterator FirstRootOf(Vertex v) const {
    return std::lower_bound(roots_.begin(), roots_.end(), v,
                            [&](uint32_t i, Vertex object) {
                              return graph_.roots()[i].object < object;
                            });
  }

  // What each row is and retains, for all rows at once.
  void Weigh() {
    for (GrowingRow& growing : shown_) {
      AddMembers(graph_, growing.members, &growing.row);
      if (growing.row.kind == TreeRow::Kind::kHolder) {
        growing.row.retained = {retention_.RetainedBytes(growing.row.vertex),
                                retention_.RetainedCount(growing.row.vertex)};
      }
    }
    const DigraphRows dominated = DominatedBy(retention_);
    std::vector<uint64_t> most(shown_.size(), 0);
    VisitByLabel(
        retention_, dominated.view(),
        [this](Vertex v) -> uint32_t {
          return v < row_of_.size() && row_of_[v] < shown_.size() ? row_of_[v]
                                                                  : kNoLabel;
        },
        [&](Vertex v, uint32_t row, bool is_topmost) {
          if (!is_topmost) return;
          const uint64_t bytes = retention_.RetainedBytes(v);
          shown_[row].row.retained.bytes += bytes;
          shown_[row].row.retained.count += retention_.RetainedCount(v);
          if (bytes <= most[row]) return;
          most[row] = bytes;
          shown_[row].row.vertex = v;
        });
  }

  void NoteAllReferences() {
    for (GrowingRow& growing : shown_) {
      if (growing.row.parent == TreeRow::kNoParent) continue;
      NoteReferences(graph_, growing.members, [&](Vertex, Vertex to) {
        return row_of_[to] == growing.row.parent ? &growing.row : nullptr;
      });
    }
  }

  void AddRest(const GrowingRow& growing, uint32_t place,
               std::vector<TreeRow>* rows) const {
    const auto index = static_cast<uint32_t>(&growing - shown_.data());
    const auto hidden = rests_.find(index);
    TreeRow rest;
    if (hidden != rests_.end()) {
      rest = hidden->second;
    } else if (growing.is_expanded ||
               growing.row.kind != TreeRow::Kind::kObjects ||
               !CountBeyond(growing, &rest)) {
      return;
    }
    rest.kind = TreeRow::Kind::kRest;
    rest.parent = place;
    rest.depth = growing.row.depth + 1;
    rest.vertex = growing.row.vertex;
    rows->push_back(rest);
  }

  // What refers to a row at the greatest depth. False: nothing new does.
  bool CountBeyond(const GrowingRow& growing, TreeRow* rest) const {
    std::vector<Vertex> beyond;
    for (const Vertex member : growing.members) {
      for (auto at = FirstRootOf(member);
           at != roots_.end() && graph_.roots()[*at].object == member; ++at) {
        if (MayStandGroup(group_of_root_[*at])) ++rest->references;
      }
      for (const Vertex from : reversed_.view().Targets(member)) {
        if (row_of_[from] != kNoLabel || !MayStand(from)) continue;
        ++rest->references;
        beyond.push_back(from);
      }
    }
    std::sort(beyond.begin(), beyond.end());
    beyond.erase(std::unique(beyond.begin(), beyond.end()), beyond.end());
    AddMembers(graph_, beyond, rest);
    return rest->references > 0;
  }

  static constexpr uint32_t kFound = kNoLabel - 1;   // in this step
  static constexpr uint32_t kHidden = kNoLabel - 2;  // in a row left out

  const ObjectGraph& graph_;
  const Retention& retention_;
  const absl::Span<const uint32_t> group_of_root_;
  const absl::Span<const uint8_t> leads_;
  const absl::Span<const uint32_t> groups_;
  const NameOfObject name_of_;
  const TreeLimits limits_;
  const DigraphRows reversed_;
  BigVector<uint32_t> row_of_;   // by Vertex
  std::vector<uint32_t> roots_;  // indices by ascending object
  std::vector<GrowingRow> shown_;
  absl::flat_hash_map<uint32_t, TreeRow> rests_;  // by shown row
};

}  // namespace

std::vector<TreeRow> TreeToObjects(const ObjectGraph& graph,
                                   const Retention& retention,
                                   absl::Span<const uint32_t> group_of_root,
                                   absl::Span<const Vertex> objects,
                                   uint32_t name,
                                   absl::Span<const uint8_t> leads,
                                   absl::Span<const uint32_t> groups,
                                   NameOfObject name_of, TreeLimits limits) {
  return UpTree(graph, retention, group_of_root, leads, groups, name_of, limits)
      .Run(objects, name);
}

}  // namespace heapline

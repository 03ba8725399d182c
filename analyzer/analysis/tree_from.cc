// Trees down. Invariant: every object below a row is a member of one row, shown
// or waiting, or below one that waits.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "analyzer/analysis/dominator_walk.h"
#include "analyzer/analysis/reference_tree.h"
#include "analyzer/analysis/tree_rows.h"

namespace heapline {
namespace {

class DownTree {
 public:
  DownTree(const ObjectGraph& graph, const Retention& retention,
           NameOfObject name_of, TreeLimits limits)
      : graph_(graph),
        retention_(retention),
        name_of_(name_of),
        limits_(limits),
        dominated_(DominatedBy(retention)) {}

  std::vector<TreeRow> FromHolder(Vertex holder) {
    Wait(HolderRow(holder, TreeRow::kNoParent, 0));
    return Grow();
  }

  // Those that others of them hold stand below those others.
  std::vector<TreeRow> FromObjects(absl::Span<const Vertex> objects,
                                   uint32_t name) {
    std::vector<Vertex> tops;
    VisitByLabel(
        retention_, dominated_.view(),
        [&](Vertex v) -> uint32_t {
          return std::binary_search(objects.begin(), objects.end(), v)
                     ? 0
                     : kNoLabel;
        },
        [&](Vertex v, uint32_t, bool is_topmost) {
          if (is_topmost) tops.push_back(v);
        });
    // Containers that nothing holds are below no vertex.
    if (tops.empty()) tops.push_back(objects.front());
    Wait(ObjectRow(std::move(tops), name, TreeRow::kNoParent, 0));
    return Grow();
  }

 private:
  absl::Span<const Vertex> DominatedByVertex(Vertex v) const {
    return dominated_.view().Targets(v);
  }

  GrowingRow HolderRow(Vertex v, uint32_t parent, uint32_t depth) const {
    GrowingRow growing;
    growing.row.kind = TreeRow::Kind::kHolder;
    growing.row.parent = parent;
    growing.row.depth = depth;
    growing.row.vertex = v;
    growing.row.retained = {retention_.RetainedBytes(v),
                            retention_.RetainedCount(v)};
    growing.members = {v};
    growing.tops = 1;
    return growing;
  }

  GrowingRow ObjectRow(std::vector<Vertex> tops, uint32_t name, uint32_t parent,
                       uint32_t depth) {
    GrowingRow growing;
    TreeRow& row = growing.row;
    row.kind = TreeRow::Kind::kObjects;
    row.parent = parent;
    row.depth = depth;
    row.name = name;
    row.vertex = tops.front();
    for (const Vertex v : tops) {
      row.retained.bytes += retention_.RetainedBytes(v);
      row.retained.count += retention_.RetainedCount(v);
      if (retention_.RetainedBytes(v) > retention_.RetainedBytes(row.vertex)) {
        row.vertex = v;
      }
    }
    growing.tops = tops.size();
    growing.members = std::move(tops);
    // What is named alike and held by a member is a member.
    for (size_t i = 0; i < growing.members.size() && name != kNoName; ++i) {
      for (const Vertex v : DominatedByVertex(growing.members[i])) {
        if (name_of_(v) == name) growing.members.push_back(v);
      }
    }
    AddMembers(graph_, growing.members, &row);
    return growing;
  }

  static bool IsLess(const GrowingRow& growing, const GrowingRow& other) {
    const TreeRow &a = growing.row, &b = other.row;
    return a.retained.bytes != b.retained.bytes
               ? a.retained.bytes < b.retained.bytes
           : a.retained.count != b.retained.count
               ? a.retained.count < b.retained.count
               : a.vertex > b.vertex;
  }

  // waiting_ is a heap of what retains most.
  void Wait(GrowingRow growing) {
    waiting_.push_back(std::move(growing));
    std::push_heap(waiting_.begin(), waiting_.end(), IsLess);
  }

  GrowingRow TakeGreatest() {
    std::pop_heap(waiting_.begin(), waiting_.end(), IsLess);
    GrowingRow greatest = std::move(waiting_.back());
    waiting_.pop_back();
    return greatest;
  }

  std::vector<TreeRow> Grow() {
    while (!waiting_.empty() && shown_.size() < limits_.rows) {
      const auto index = static_cast<uint32_t>(shown_.size());
      shown_.push_back(TakeGreatest());
      const TreeRow& row = shown_.back().row;
      if (row.parent != TreeRow::kNoParent) {
        shown_[row.parent].below.push_back(index);
      }
      if (row.depth < limits_.depth) Expand(index);
    }
    for (const GrowingRow& growing : waiting_) {
      ++hidden_[growing.row.parent];
    }
    for (uint32_t i = 0; i < shown_.size(); ++i) NoteReferencesOf(i);
    return InReadingOrder(
        shown_,
        [this](const GrowingRow& growing, uint32_t place,
               std::vector<TreeRow>* rows) { AddRest(growing, place, rows); });
  }

  void Expand(uint32_t index) {
    shown_[index].is_expanded = true;
    const TreeRow row = shown_[index].row;
    const uint32_t depth = row.depth + 1;
    std::vector<std::vector<Vertex>> by_name;  // in order of first meeting
    std::vector<uint32_t> names;
    absl::flat_hash_map<uint32_t, size_t> places;
    std::vector<Vertex> shared;
    const auto add = [&](Vertex v) {
      const uint32_t name = name_of_(v);
      if (row.kind == TreeRow::Kind::kObjects && name == row.name) return;
      const auto [place, is_new] = places.try_emplace(name, by_name.size());
      if (is_new) {
        by_name.emplace_back();
        names.push_back(name);
      }
      by_name[place->second].push_back(v);
    };
    const auto look_at = [&](Vertex v) {
      switch (retention_.HolderKind(v)) {
        case Retention::Holder::kObject:
          if (row.vertex == retention_.root() &&
              row.kind == TreeRow::Kind::kHolder) {
            shared.push_back(v);
          } else {
            add(v);
          }
          break;
        case Retention::Holder::kLeak:
          for (const Vertex member : DominatedByVertex(v)) add(member);
          break;
        default:
          if (retention_.RetainedCount(v) == 0) break;
          Wait(HolderRow(v, index, depth));
      }
    };
    // Those of kShared are themselves what stands below it.
    for (const Vertex member : shown_[index].members) {
      if (row.kind == TreeRow::Kind::kShared) {
        add(member);
        continue;
      }
      for (const Vertex v : DominatedByVertex(member)) look_at(v);
    }
    for (size_t i = 0; i < by_name.size(); ++i) {
      Wait(ObjectRow(std::move(by_name[i]), names[i], index, depth));
    }
    if (!shared.empty()) WaitShared(std::move(shared), index, depth);
  }

  void WaitShared(std::vector<Vertex> shared, uint32_t parent, uint32_t depth) {
    GrowingRow growing;
    growing.row.kind = TreeRow::Kind::kShared;
    growing.row.parent = parent;
    growing.row.depth = depth;
    growing.row.vertex = shared.front();
    for (const Vertex v : shared) {
      growing.row.retained.bytes += retention_.RetainedBytes(v);
      growing.row.retained.count += retention_.RetainedCount(v);
    }
    growing.members = std::move(shared);
    Wait(std::move(growing));
  }

  // How the members of a shown row refer to those of the shown rows below.
  void NoteReferencesOf(uint32_t index) {
    if (shown_[index].row.kind != TreeRow::Kind::kObjects) return;
    absl::flat_hash_map<Vertex, uint32_t> row_of;
    std::vector<Vertex> holders;
    for (const uint32_t below : shown_[index].below) {
      const GrowingRow& growing = shown_[below];
      for (size_t i = 0; i < growing.tops; ++i) {
        row_of[growing.members[i]] = below;
        holders.push_back(retention_.Dominator(growing.members[i]));
      }
    }
    std::sort(holders.begin(), holders.end());
    holders.erase(std::unique(holders.begin(), holders.end()), holders.end());
    NoteReferences(graph_, holders, [&](Vertex, Vertex to) -> TreeRow* {
      const auto row = row_of.find(to);
      return row == row_of.end() ? nullptr : &shown_[row->second].row;
    });
  }

  void AddRest(const GrowingRow& growing, uint32_t place,
               std::vector<TreeRow>* rows) const {
    TreeRow rest;
    rest.kind = TreeRow::Kind::kRest;
    rest.parent = place;
    rest.depth = growing.row.depth + 1;
    rest.vertex = growing.row.vertex;
    ObjectAmount left = growing.row.retained;
    left.bytes -= growing.row.shallow_bytes;
    left.count -= growing.row.count;
    for (const uint32_t below : growing.below) {
      left.bytes -= shown_[below].row.retained.bytes;
      left.count -= shown_[below].row.retained.count;
    }
    if (left.count == 0) return;
    if (!growing.below.empty()) {
      const auto index = static_cast<uint32_t>(&growing - shown_.data());
      const auto hidden = hidden_.find(index);
      if (hidden != hidden_.end()) rest.hidden_rows = hidden->second;
    }
    rest.retained = left;
    rest.shallow_bytes = left.bytes;
    rest.count = left.count;
    rows->push_back(rest);
  }

  const ObjectGraph& graph_;
  const Retention& retention_;
  const NameOfObject name_of_;
  const TreeLimits limits_;
  const DigraphRows dominated_;
  std::vector<GrowingRow> waiting_;
  std::vector<GrowingRow> shown_;
  absl::flat_hash_map<uint32_t, uint64_t> hidden_;  // by shown row
};

}  // namespace

std::vector<TreeRow> TreeFromHolder(const ObjectGraph& graph,
                                    const Retention& retention, Vertex holder,
                                    NameOfObject name_of, TreeLimits limits) {
  return DownTree(graph, retention, name_of, limits).FromHolder(holder);
}

std::vector<TreeRow> TreeFromObjects(const ObjectGraph& graph,
                                     const Retention& retention,
                                     absl::Span<const Vertex> objects,
                                     uint32_t name, NameOfObject name_of,
                                     TreeLimits limits) {
  return DownTree(graph, retention, name_of, limits).FromObjects(objects, name);
}

}  // namespace heapline

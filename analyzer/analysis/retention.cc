// Invariant: only the added vertices' rows are made; the objects' edges are
// used where they are.
#include "analyzer/analysis/retention.h"

#include <utility>

#include "analyzer/analysis/flood.h"

namespace heapline {
namespace {

bool Holds(const RootReference& root, const Reachability& reachability) {
  return !IsStackOrRegister(root.kind) ||
         reachability.held_by[root.object] >= HL_ROOT_REGISTER;
}

DigraphRows RowsOfGroups(const ObjectGraph& graph,
                         const Reachability& reachability,
                         absl::Span<const uint32_t> group_of_root,
                         uint32_t group_count) {
  DigraphRows rows;
  rows.begin.assign(group_count + 1, 0);
  const auto for_each = [&](auto visit) {
    for (size_t i = 0; i < group_of_root.size(); ++i) {
      const RootReference& root = graph.roots()[i];
      if (Holds(root, reachability)) visit(group_of_root[i], root.object);
    }
  };
  for_each([&](uint32_t group, Vertex) { ++rows.begin[group + 1]; });
  for (size_t i = 1; i < rows.begin.size(); ++i) {
    rows.begin[i] += rows.begin[i - 1];
  }
  rows.target.resize(rows.begin.back());
  std::vector<uint32_t> next(rows.begin.begin(), rows.begin.end() - 1);
  for_each([&](uint32_t group, Vertex object) {
    rows.target[next[group]++] = object;
  });
  return rows;
}

void EndRow(DigraphRows* rows) {
  rows->begin.push_back(static_cast<uint32_t>(rows->target.size()));
}

}  // namespace

Retention::Retention(const ObjectGraph& graph, const Reachability& reachability,
                     absl::Span<const uint32_t> group_of_root,
                     uint32_t group_count, const LeakKindsOfGraph& leaks)
    : object_count_(graph.size()) {
  DigraphRows added =
      RowsOfGroups(graph, reachability, group_of_root, group_count);
  first_leak_ = GroupVertex(group_count);
  // Members of each leak of several, leak by leak.
  std::vector<uint32_t> row_of_leak(leaks.leaks.size(), kNoLeak);
  size_t members = 0;
  for (size_t i = 0; i < leaks.leaks.size(); ++i) {
    if (leaks.leaks[i].count < 2) continue;
    row_of_leak[i] = static_cast<uint32_t>(members);
    members += leaks.leaks[i].count;
    leak_.push_back(static_cast<uint32_t>(i));
  }
  const size_t first_member = added.target.size();
  added.target.resize(first_member + members);
  std::vector<uint32_t> next = row_of_leak;
  for (Vertex v = 0; v < graph.size(); ++v) {
    if (leaks.kind[v] != kDirectLeak) continue;
    const uint32_t leak = leaks.leak_of[v];
    if (row_of_leak[leak] != kNoLeak)
      added.target[first_member + next[leak]++] = v;
  }
  for (const uint32_t leak : leak_) {
    added.begin.push_back(added.begin.back() +
                          static_cast<uint32_t>(leaks.leaks[leak].count));
  }
  unreachable_ = first_leak_ + static_cast<Vertex>(leak_.size());
  for (Vertex i = 0; i < leak_.size(); ++i) {
    added.target.push_back(first_leak_ + i);
  }
  for (const Leak& leak : leaks.leaks) {
    if (leak.count < 2) added.target.push_back(leak.first);
  }
  EndRow(&added);
  for (uint32_t group = 0; group < group_count; ++group) {
    added.target.push_back(GroupVertex(group));
  }
  added.target.push_back(unreachable_);
  EndRow(&added);

  tree_ = Dominators({graph.edges(), added.view()});
  retained_.resize(tree_.parent.size());
  for (Vertex v = 0; v < graph.size(); ++v) {
    if (tree_.parent[v] == kNoVertex) continue;
    retained_[v] = {graph.Bytes(v), graph.IsContainer(v) ? 0u : 1u};
  }
  for (size_t i = tree_.order.size() - 1; i > 0; --i) {
    const Vertex v = tree_.order[i];
    ObjectAmount& above = retained_[tree_.parent[v]];
    above.bytes += retained_[v].bytes;
    above.count += retained_[v].count;
  }
}

Retention::Holder Retention::HolderKind(Vertex v) const {
  if (v < object_count_) return Holder::kObject;
  if (v < first_leak_) return Holder::kRootGroup;
  if (v < unreachable_) return Holder::kLeak;
  return v == unreachable_ ? Holder::kUnreachable : Holder::kRoot;
}

ObjectAmount DeepSizeOf(const ObjectGraph& graph, Vertex start) {
  ObjectAmount size;
  BigVector<uint8_t> marks(graph.size(), 0);
  Flood flood(graph.edges(), &marks);
  flood.Start(0, 1);
  flood.Add(start);
  flood.Run([](uint32_t) { return true; });
  for (const Vertex v : flood.reached()) {
    size.bytes += graph.Bytes(v);
    size.count += graph.IsContainer(v) ? 0 : 1;
  }
  return size;
}

}  // namespace heapline

#include "analyzer/report/graph_drawing.h"

#include <algorithm>
#include <queue>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "analyzer/analysis/cycles.h"

namespace heapline {
namespace {

// Greater components are not examined for what kind of cycle they are.
constexpr size_t kMostMembersExamined = size_t{1} << 20;

class Artist {
 public:
  Artist(GraphSide* side, const Drawing& drawing, Graph* out)
      : side_(side),
        graph_(side->graph()),
        retention_(side->retention()),
        drawing_(drawing),
        out_(out) {
    const std::vector<uint32_t>& group_of_root = side->root_groups().of_root;
    by_group_.resize(side->root_groups().groups.size());
    groups_of_.reserve(group_of_root.size());
    for (size_t i = 0; i < group_of_root.size(); ++i) {
      const Vertex object = graph_.roots()[i].object;
      by_group_[group_of_root[i]].push_back(object);
      groups_of_.emplace_back(object, retention_.GroupVertex(group_of_root[i]));
    }
    std::sort(groups_of_.begin(), groups_of_.end());
    if (drawing.towards == Drawing::Towards::kHolders) {
      reversed_ = Reversed(graph_.edges());
    }
  }

  void Run() {
    Choose();
    for (const auto& [v, index] : chosen_in_order_) AddNode(v);
    for (const auto& [v, index] : chosen_in_order_) AddEdges(v, index);
  }

 private:
  bool IsGroup(Vertex v) const {
    return retention_.HolderKind(v) == Retention::Holder::kRootGroup;
  }

  template <typename Visit>
  void ForEachNext(Vertex v, Visit visit) const {
    if (drawing_.towards == Drawing::Towards::kTargets) {
      if (IsGroup(v)) {
        for (const Vertex to : by_group_[retention_.RootGroupOf(v)]) visit(to);
      } else {
        for (const Vertex to : graph_.edges().Targets(v)) visit(to);
      }
      return;
    }
    if (IsGroup(v)) return;
    ForEachGroupOf(v, visit);
    for (const Vertex from : reversed_.view().Targets(v)) {
      if (drawing_.leads.empty() || drawing_.leads[from] != 0) visit(from);
    }
  }

  template <typename Visit>
  void ForEachGroupOf(Vertex object, Visit visit) const {
    for (auto at = std::lower_bound(groups_of_.begin(), groups_of_.end(),
                                    std::make_pair(object, Vertex{0}));
         at != groups_of_.end() && at->first == object; ++at) {
      const uint32_t group = retention_.RootGroupOf(at->second);
      const bool is_shown = drawing_.groups.empty() ||
                            std::binary_search(drawing_.groups.begin(),
                                               drawing_.groups.end(), group);
      if (is_shown) visit(at->second);
    }
  }

  struct Candidate {
    uint32_t depth;
    uint64_t retained_bytes;
    Vertex vertex;
  };

  // Meets everything that the start leads to, to count what is not drawn.
  void Choose() {
    const bool is_up = drawing_.towards == Drawing::Towards::kHolders;
    const auto is_worse = [is_up](const Candidate& a, const Candidate& b) {
      if (is_up && a.depth != b.depth) return a.depth > b.depth;
      return a.retained_bytes != b.retained_bytes
                 ? a.retained_bytes < b.retained_bytes
                 : a.vertex > b.vertex;
    };
    std::priority_queue<Candidate, std::vector<Candidate>, decltype(is_worse)>
        waiting(is_worse);
    BigVector<uint8_t> is_met(retention_.root() + size_t{1}, 0);
    std::vector<Vertex> not_drawn;  // whose targets were not looked at
    size_t met_objects = 0;
    const auto is_full = [&] {
      return chosen_in_order_.size() == drawing_.most_nodes;
    };
    const auto meet = [&](Vertex v, uint32_t depth) {
      if (is_met[v] != 0) return;
      is_met[v] = 1;
      if (v < graph_.size()) ++met_objects;
      if (is_full() || depth > drawing_.depth) {
        not_drawn.push_back(v);
      } else {
        waiting.push({depth, retention_.RetainedBytes(v), v});
      }
    };
    for (const Vertex v : drawing_.start) meet(v, 0);
    size_t drawn_objects = 0;
    while (!waiting.empty()) {
      const Candidate next = waiting.top();
      waiting.pop();
      if (is_full()) {
        not_drawn.push_back(next.vertex);
        continue;
      }
      chosen_.emplace(next.vertex, chosen_in_order_.size());
      chosen_in_order_.emplace_back(next.vertex, chosen_in_order_.size());
      if (next.vertex < graph_.size()) ++drawn_objects;
      ForEachNext(next.vertex, [&](Vertex v) { meet(v, next.depth + 1); });
    }
    while (!not_drawn.empty()) {
      const Vertex v = not_drawn.back();
      not_drawn.pop_back();
      ForEachNext(v, [&](Vertex next) { meet(next, drawing_.depth + 1); });
    }
    out_->nodes_left_out = met_objects - drawn_objects;
  }

  void AddNode(Vertex v) {
    GraphNode node;
    node.retained_bytes = static_cast<int64_t>(retention_.RetainedBytes(v));
    if (IsGroup(v)) {
      node.kind = GraphNode::Kind::kRoot;
      node.label = side_->HolderName(v);
    } else {
      const unsigned kind = side_->leaks().kind[v];
      const bool is_leaked = kind == kDirectLeak || kind == kIndirectLeak;
      if (is_leaked) node.kind = GraphNode::Kind::kLeaked;
      node.address = graph_.Address(v);
      node.label = side_->NameOf(v);
      node.bytes = static_cast<int64_t>(graph_.Bytes(v));
      node.cycle = CycleOf(v);
    }
    out_->nodes.push_back(std::move(node));
  }

  // References of one node to one other are one edge.
  void AddEdges(Vertex v, size_t index) {
    absl::flat_hash_map<size_t, size_t> edge_to;  // node -> index into edges
    const auto add = [&](Vertex to, uint64_t offset, bool is_weak) {
      const auto target = chosen_.find(to);
      if (target == chosen_.end()) {
        if (!is_weak) ++out_->nodes[index].hidden_targets;
        return;
      }
      const auto [row, is_new] = edge_to.try_emplace(
          target->second * 2 + (is_weak ? 1 : 0), out_->edges.size());
      if (is_new) {
        GraphEdge edge;
        edge.from = index;
        edge.to = target->second;
        edge.offset = offset;
        edge.is_weak = is_weak;
        const bool is_inner =
            !is_weak && v < graph_.size() && to < graph_.size() &&
            side_->components().of[v] == side_->components().of[to];
        if (is_inner) edge.cycle = out_->nodes[index].cycle;
        out_->edges.push_back(std::move(edge));
      }
      ++out_->edges[row->second].count;
    };
    if (IsGroup(v)) {
      for (const Vertex to : by_group_[retention_.RootGroupOf(v)]) {
        add(to, 0, false);
      }
      return;
    }
    const Digraph edges = graph_.edges();
    for (const uint32_t e : edges.EdgesOf(v)) {
      add(edges.target[e], graph_.Offset(e), false);
    }
    const std::vector<WeakEdge>& weak = graph_.weak_edges();
    for (auto at = std::lower_bound(
             weak.begin(), weak.end(), v,
             [](const WeakEdge&edge, Vertex from) { return edge.from < from; });
         at != weak.end() && at->from == v; ++at) {
      add(at->to, at->offset, true);
    }
  }

  std::string CycleOf(Vertex v) {
    if (members_.begin.empty()) members_ = MembersOf(side_->components());
    const ComponentId component = side_->components().of[v];
    const absl::Span<const Vertex> members = members_.Of(component);
    if (members.size() < 2) return "";
    const auto [row, is_new] = cycles_.try_emplace(component, "not examined");
    if (is_new && members.size() <= kMostMembersExamined) {
      Cycle cycle;
      cycle.members.assign(members.begin(), members.end());
      row->second = std::string(CycleLabelName(
          LabelOf(graph_, EdgesWithin(graph_, side_->components(), cycle))));
    }
    return row->second;
  }

  GraphSide* side_;
  const ObjectGraph& graph_;
  const Retention& retention_;
  const Drawing& drawing_;
  Graph* out_;
  std::vector<std::vector<Vertex>> by_group_;
  std::vector<std::pair<Vertex, Vertex>> groups_of_;  // object, group's vertex
  DigraphRows reversed_;                              // for kHolders only
  absl::flat_hash_map<Vertex, size_t> chosen_;        // index of its node
  std::vector<std::pair<Vertex, size_t>> chosen_in_order_;
  ComponentMembers members_;
  absl::flat_hash_map<ComponentId, std::string> cycles_;
};

}  // namespace

void Draw(GraphSide* side, const Drawing& drawing, Graph* graph) {
  Artist(side, drawing, graph).Run();
}

}  // namespace heapline

// Pearce's form of Tarjan's algorithm: one number a vertex says in turn when it
// was met, how far back it reaches, and its component.
//
// Invariant: numbers of vertices under way are 1 to next_number_ - 1, those of
// finished components are greater than all of them.
#include "analyzer/analysis/components.h"

#include <utility>
#include <vector>

namespace heapline {
namespace {

class ComponentSearch {
 public:
  explicit ComponentSearch(const Digraph& graph)
      : graph_(graph),
        number_(graph.size(), 0),
        is_head_(graph.size()),
        last_id_(static_cast<uint32_t>(graph.size()) + 1) {}

  Components Run() {
    for (Vertex v = 0; v < graph_.size(); ++v) {
      if (number_[v] == 0) SearchFrom(v);
    }
    Components result;
    result.count = static_cast<size_t>(graph_.size()) + 1 - last_id_;
    for (uint32_t& number : number_) {
      number = static_cast<uint32_t>(graph_.size()) - number;
    }
    result.of = std::move(number_);
    return result;
  }

 private:
  struct Step {
    Vertex vertex;
    uint32_t edge;  // the next to be followed
  };

  void SearchFrom(Vertex start) {
    Enter(start);
    while (!path_.empty()) {
      Step& step = path_.back();
      const Vertex v = step.vertex;
      if (step.edge == graph_.begin[v + 1]) {
        Leave(v);
        continue;
      }
      const Vertex to = graph_.target[step.edge];
      if (number_[to] == 0) {
        Enter(to);  // and look at the edge again when it is done
        continue;
      }
      ++step.edge;
      if (number_[to] < number_[v]) {
        number_[v] = number_[to];
        is_head_[v] = false;
      }
    }
  }

  void Enter(Vertex v) {
    path_.push_back({v, graph_.begin[v]});
    number_[v] = next_number_++;
    is_head_[v] = true;
  }

  void Leave(Vertex v) {
    path_.pop_back();
    if (!is_head_[v]) {
      open_.push_back(v);
      return;
    }
    --last_id_;
    --next_number_;
    while (!open_.empty() && number_[open_.back()] >= number_[v]) {
      number_[open_.back()] = last_id_;
      open_.pop_back();
      --next_number_;
    }
    number_[v] = last_id_;
  }

  const Digraph& graph_;
  BigVector<uint32_t> number_;
  std::vector<bool> is_head_;  // reaches nothing met before it
  BigVector<Step> path_;
  BigVector<Vertex> open_;  // left, but not the head of their component
  uint32_t next_number_ = 1;
  uint32_t last_id_;  // of the component found last; they descend
};

}  // namespace

Components StronglyConnectedComponents(const Digraph& graph) {
  return ComponentSearch(graph).Run();
}

ComponentMembers MembersOf(const Components& components) {
  ComponentMembers result;
  result.begin.assign(components.count + 1, 0);
  result.member.resize(components.of.size());
  for (const ComponentId id : components.of) {
    if (id + 2 < result.begin.size()) ++result.begin[id + 2];
  }
  for (size_t i = 1; i < result.begin.size(); ++i) {
    result.begin[i] += result.begin[i - 1];
  }
  for (Vertex v = 0; v < components.of.size(); ++v) {
    result.member[result.begin[components.of[v] + 1]++] = v;
  }
  return result;
}

DigraphRows Condensed(const Digraph& graph, const Components& components) {
  const ComponentMembers members = MembersOf(components);
  DigraphRows rows;
  rows.begin.reserve(components.count + 1);
  rows.begin.push_back(0);
  for (ComponentId id = 0; id < components.count; ++id) {
    for (const Vertex v : members.Of(id)) {
      for (const Vertex to : graph.Targets(v)) {
        if (components.of[to] != id) rows.target.push_back(components.of[to]);
      }
    }
    rows.begin.push_back(static_cast<uint32_t>(rows.target.size()));
  }
  return rows;
}

}  // namespace heapline

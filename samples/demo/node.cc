// node.cc
#include "samples/demo/node.h"

#include <algorithm>
#include <utility>

#include "samples/runtime/cast.h"
#include "samples/runtime/text.h"

namespace demo {

std::string Node::Name() const {
  const auto* const text = runtime::Cast<runtime::Str>(name.get());
  return text != nullptr ? std::string(text->view()) : std::string();
}

runtime::Ref<runtime::Class> MakeNodeClass(
    std::function<void(runtime::Instance&)> finalizer) {
  return runtime::Class::Make<Node>(
      "Node", {{{"name", "next"}}, {}, std::move(finalizer)});
}

runtime::Ref<Node> MakeNode(runtime::Class* node_class, const char* name) {
  runtime::Ref<Node> node = node_class->New<Node>();
  node->name = runtime::Str::Make(name);
  return node;
}

Pair MakePair(runtime::Class* node_class) {
  Pair pair = {MakeNode(node_class, "A"), MakeNode(node_class, "B")};
  pair.a->next = pair.b;
  pair.b->next = pair.a;
  return pair;
}

__attribute__((noinline)) void LosePair(runtime::Class* node_class) {
  MakePair(node_class);
}

std::vector<const Node*> TraceCycle(const Node* start) {
  std::vector<const Node*> path;
  const Node* node = start;
  // Where it runs into a cycle that does not lead through `start`, it meets
  // another node of the path again.
  while (node != nullptr &&
         std::find(path.begin(), path.end(), node) == path.end()) {
    path.push_back(node);
    node = nullptr;
    for (const runtime::Object* referent :
         runtime::Collector::GetReferents(path.back())) {
      if (const Node* const next = runtime::Cast<Node>(referent)) node = next;
    }
  }
  return node == start ? path : std::vector<const Node*>();
}

size_t CountNodes(const runtime::Runtime& runtime) {
  return runtime.CountLive<Node>();
}

std::string TripleText(const runtime::Collector::Triple& triple) {
  return "(" + std::to_string(triple[0]) + ", " + std::to_string(triple[1]) +
         ", " + std::to_string(triple[2]) + ")";
}

}  // namespace demo

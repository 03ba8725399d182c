// node.cc
#include "samples/demo/node.h"

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

__attribute__((noinline)) void LosePair(runtime::Class* node_class) {
  const runtime::Ref<Node> a = MakeNode(node_class, "A");
  const runtime::Ref<Node> b = MakeNode(node_class, "B");
  a->next = b;
  b->next = a;
}

size_t CountNodes(const runtime::Runtime& runtime) {
  return runtime.CountLive<Node>();
}

std::string TripleText(const runtime::Collector::Triple& triple) {
  return "(" + std::to_string(triple[0]) + ", " + std::to_string(triple[1]) +
         ", " + std::to_string(triple[2]) + ")";
}

}  // namespace demo

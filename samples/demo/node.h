// node.h: the objects that the articles close their cycles with.
//
// Invariant: their members are the slots of the classes made here, in order.
#ifndef SAMPLES_DEMO_NODE_H_
#define SAMPLES_DEMO_NODE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/object.h"
#include "samples/runtime/runtime.h"

namespace demo {

struct Node : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  runtime::Slot name, next;

  std::string Name() const;  // "": it has none
};

runtime::Ref<runtime::Class> MakeNodeClass(
    std::function<void(runtime::Instance&)> finalizer = {});
runtime::Ref<Node> MakeNode(runtime::Class* node_class, const char* name);
struct Pair {
  runtime::Ref<Node> a, b;
};
// Two nodes, A -> B -> A.
Pair MakePair(runtime::Class* node_class);
// Two such that nobody else holds.
void LosePair(runtime::Class* node_class);
// The nodes of the cycle through `start`, from there on, each found among the
// referents of the one before; none where there is no such cycle.
std::vector<const Node*> TraceCycle(const Node* start);
// Nodes that live.
size_t CountNodes(const runtime::Runtime& runtime);

// "(700, 10, 10)"
std::string TripleText(const runtime::Collector::Triple& triple);

}  // namespace demo

#endif  // SAMPLES_DEMO_NODE_H_

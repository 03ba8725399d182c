// test_node.h: a container for tests of the collector: any edges, a finalizer
// of the test's, weak references, and a record of who lives.
//
// Invariant: TestNode::Alive() holds exactly the nodes that are not destroyed.
#ifndef HEAPLINE_TESTS_RUNTIME_TEST_NODE_H_
#define HEAPLINE_TESTS_RUNTIME_TEST_NODE_H_

#include <functional>
#include <set>
#include <vector>

#include "samples/runtime/object.h"
#include "samples/runtime/runtime.h"

namespace runtime {

class TestNode : public Container {
 public:
  using Finalizer = std::function<void(TestNode&)>;

  static Ref<TestNode> Make(Finalizer finalizer = nullptr) {
    return Runtime::Current().New<TestNode>(0, std::move(finalizer));
  }
  static std::set<TestNode*>& Alive() {
    static std::set<TestNode*> alive;
    return alive;
  }

  explicit TestNode(Finalizer finalizer) : finalizer_(std::move(finalizer)) {
    Alive().insert(this);
  }
  ~TestNode() override { Alive().erase(this); }

  const char* TypeName() const override { return "TestNode"; }
  size_t BlockBytes() const override { return sizeof(*this); }
  void Traverse(Visit visit) const override {
    for (const Ref<TestNode>& edge : edges) {
      if (edge != nullptr) visit(edge);
    }
  }
  void Clear() override { std::vector<Ref<TestNode>>().swap(edges); }
  WeakRef** WeakRefs() override { return &weak_refs_; }
  bool HasFinalizer() const override { return finalizer_ != nullptr; }
  void Finalize() override {
    ++finalized;
    finalizer_(*this);
  }

  std::vector<Ref<TestNode>> edges;
  int finalized = 0;

 private:
  Finalizer finalizer_;
  WeakRef* weak_refs_ = nullptr;
};

// All that can be reached from these, themselves included.
inline std::set<TestNode*> ReachableFrom(
    const std::vector<Ref<TestNode>>& roots) {
  std::set<TestNode*> reached;
  std::vector<TestNode*> to_follow;
  const auto reach = [&](TestNode* node) {
    if (node != nullptr && reached.insert(node).second)
      to_follow.push_back(node);
  };
  for (const Ref<TestNode>& root : roots) reach(root);
  while (!to_follow.empty()) {
    TestNode* const node = to_follow.back();
    to_follow.pop_back();
    for (const Ref<TestNode>& edge : node->edges) reach(edge);
  }
  return reached;
}

}  // namespace runtime

#endif  // HEAPLINE_TESTS_RUNTIME_TEST_NODE_H_

// node_test.cc: the cycle detector of the demonstration's second exercise.
#include "samples/demo/node.h"

#include <vector>

#include "tests/runtime/runtime_fixture.h"

namespace demo {
namespace {

using runtime::Class;
using runtime::Ref;
using Nodes = std::vector<const Node*>;

class TraceCycleTest : public runtime::RuntimeFixture {
 protected:
  // A -> B -> C, all alive.
  TraceCycleTest() {
    const Ref<Class> node_class = MakeNodeClass();
    for (const char* name : {"A", "B", "C"})
      nodes_.push_back(MakeNode(node_class, name));
    nodes_[0]->next = nodes_[1];
    nodes_[1]->next = nodes_[2];
  }
  void TearDown() override {
    nodes_.clear();
    runtime_.collector().Collect();
  }

  std::vector<Ref<Node>> nodes_;
};

TEST_F(TraceCycleTest, FollowsTheCycleOnce) {
  nodes_[2]->next = nodes_[0];
  EXPECT_EQ(TraceCycle(nodes_[0]), (Nodes{nodes_[0], nodes_[1], nodes_[2]}));
  EXPECT_EQ(TraceCycle(nodes_[1]), (Nodes{nodes_[1], nodes_[2], nodes_[0]}));
}

TEST_F(TraceCycleTest, FindsNoneWhereThePathEnds) {
  EXPECT_EQ(TraceCycle(nodes_[0]), Nodes());
}

TEST_F(TraceCycleTest, EndsInACycleThatDoesNotComeBack) {
  nodes_[2]->next = nodes_[1];
  EXPECT_EQ(TraceCycle(nodes_[0]), Nodes());
  EXPECT_EQ(TraceCycle(nodes_[1]), (Nodes{nodes_[1], nodes_[2]}));
}

}  // namespace
}  // namespace demo

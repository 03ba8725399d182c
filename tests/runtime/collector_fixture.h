// collector_fixture.h: a runtime with a collector that begins nothing by
// itself, unless a test enables it, and test nodes to make cycles of.
#ifndef HEAPLINE_TESTS_RUNTIME_COLLECTOR_FIXTURE_H_
#define HEAPLINE_TESTS_RUNTIME_COLLECTOR_FIXTURE_H_

#include <cstddef>

#include "samples/runtime/collector.h"
#include "tests/runtime/runtime_fixture.h"
#include "tests/runtime/test_node.h"

namespace runtime {

inline Ref<TestNode> SelfCycle(const TestNode::Finalizer& finalizer = nullptr) {
  Ref<TestNode> node = TestNode::Make(finalizer);
  node->edges.push_back(node);
  return node;
}

class CollectorFixture : public RuntimeFixture {
 protected:
  CollectorFixture() {
    collector_.Collect();
    collector_.Disable();
  }

  size_t Alive() const { return TestNode::Alive().size(); }

  Collector& collector_ = runtime_.collector();
};

}  // namespace runtime

#endif  // HEAPLINE_TESTS_RUNTIME_COLLECTOR_FIXTURE_H_

// experiment.cc
#include "samples/runtime/experiment.h"

#include <algorithm>
#include <chrono>

#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/list.h"
#include "samples/runtime/runtime.h"

namespace runtime {
namespace {

struct Node : SlottedInstance {
  using SlottedInstance::SlottedInstance;
  Slot self;
};

// Nodes that hold themselves. Gives those that live on.
Ref<List> Work(Class* node_class, const ThresholdPlan& plan) {
  const Ref<List> living = List::WithCapacity(plan.long_lived);
  for (uint64_t i = 0; i < plan.cycles; ++i) {
    const Ref<Node> node = node_class->New<Node>();
    node->self = node;
    if (i < plan.long_lived) living->Append(node);
  }
  return living;
}

uint64_t Median(std::vector<uint64_t> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + values.size() / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

ThresholdRow Measure(Class* node_class, uint64_t threshold,
                     const ThresholdPlan& plan) {
  Runtime& runtime = Runtime::Current();
  Collector& collector = runtime.collector();
  std::vector<uint64_t> pauses;
  collector.Collect();
  Collector::Triple thresholds = collector.GetThreshold();
  thresholds[0] = threshold;
  const Collector::Triple before = collector.GetThreshold();
  collector.SetThreshold(thresholds);
  const Collector::Callback told_before = collector.SetCallback(
      [&](const Collection& done) { pauses.push_back(done.pause_ns); });
  runtime.allocator().ResetPeak();
  const uint64_t bytes_before = runtime.allocator().stats().live_bytes;

  const auto start = std::chrono::steady_clock::now();
  Ref<List> living = Work(node_class, plan);
  const auto end = std::chrono::steady_clock::now();

  living = nullptr;
  collector.SetCallback(told_before);
  collector.SetThreshold(before);
  ThresholdRow row;
  row.threshold = threshold;
  row.collections = pauses.size();
  if (!pauses.empty())
    row.max_pause_ns = *std::max_element(pauses.begin(), pauses.end());
  row.median_pause_ns = Median(pauses);
  row.total_ns = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(end - start)
          .count());
  row.peak_bytes = runtime.allocator().stats().peak_bytes - bytes_before;
  collector.Collect();
  return row;
}

}  // namespace

std::vector<ThresholdRow> TryThresholds(const ThresholdPlan& plan) {
  Collector& collector = Runtime::Current().collector();
  ClassSpec spec;
  spec.slots = std::vector<std::string>{"self"};
  const Ref<Class> node_class = Class::Make<Node>("Node", spec);
  const bool was_enabled = collector.is_enabled();
  collector.Enable();
  std::vector<ThresholdRow> rows;
  for (const uint64_t threshold : plan.thresholds)
    rows.push_back(Measure(node_class, threshold, plan));
  if (!was_enabled) collector.Disable();
  return rows;
}

}  // namespace runtime

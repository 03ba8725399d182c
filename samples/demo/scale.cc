// scale.cc
#include "samples/demo/scale.h"

#include <cstdio>

#include "heapline/heapline.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/runtime.h"

namespace demo {

namespace {

Counts CountNow() {
  runtime::Runtime& runtime = runtime::Runtime::Current();
  const bool is_counted_twice =
      heapline_is_present() && runtime.options().heap == runtime::Heap::kMalloc;
  return {runtime.allocator().stats().live_bytes,
          is_counted_twice ? heapline_current() : 0};
}

double Each(uint64_t bytes, size_t instances) {
  return static_cast<double>(bytes) / static_cast<double>(instances);
}

}  // namespace

Counting::Counting() : before_(CountNow()) {}

Counts Counting::Now() const {
  const Counts now = CountNow();
  return {now.by_runtime - before_.by_runtime,
          now.by_tracer - before_.by_tracer};
}

void KeepCounts(Stage& stage, const std::string& name, size_t instances,
                const Counts& counts) {
  const std::string label = name + ": " + std::to_string(instances);
  stage.Number(label + " by the runtime", counts.by_runtime);
  if (counts.by_tracer != 0)
    stage.Number(label + " by the tracer", counts.by_tracer);
}

void PrintPerInstance(Stage& stage, const std::string& name, size_t instances,
                      const Counts& counts, const char* beside) {
  char traced[48] = "";
  if (counts.by_tracer != 0) {
    snprintf(traced, sizeof traced, "   traced: %.1f",
             Each(counts.by_tracer, instances));
  }
  stage.Print("%-20s %8zu %8.1f bytes each%s%s", name.c_str(), instances,
              Each(counts.by_runtime, instances), traced, beside);
  KeepCounts(stage, name, instances, counts);
}

void MeasureAtScale(Stage& stage, const std::string& name,
                    runtime::FunctionRef<Ref<Object>(size_t instances)> make,
                    const char* beside) {
  // Nothing here is garbage, and the collector would look again and again.
  runtime::Collector& collector = stage.runtime().collector();
  collector.Disable();
  for (const size_t instances : kScales) {
    const Counting counting;
    const Ref<Object> made = make(instances);
    PrintPerInstance(stage, name, instances, counting.Now(), beside);
  }
  collector.Enable();
}

}  // namespace demo

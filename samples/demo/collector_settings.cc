// collector_settings.cc: chapter 2 of the articles: asking, tweaking and
// prodding the collector: generations, thresholds, debug flags.
#include <cinttypes>
#include <string>

#include "samples/demo/node.h"
#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/experiment.h"
#include "samples/runtime/list.h"

namespace demo {

using runtime::Class;
using runtime::Collector;
using runtime::List;

namespace {

// ---- generations -----------------------------------------------------------

void PrintGenerations(Stage& stage) {
  const Collector& gc = stage.runtime().collector();
  for (int generation = 0; generation < runtime::kGenerations; ++generation) {
    stage.Print("  generation %d: %zu objects, %" PRIu64 " collections",
                generation, gc.GetObjects(generation).size(),
                gc.GetStats()[static_cast<size_t>(generation)].collections);
  }
}

void RunGenerations(Stage& stage) {
  Collector& gc = stage.runtime().collector();
  stage.Print("gc.get_threshold() = %s", TripleText(gc.GetThreshold()).c_str());
  const Ref<List> survivor = List::Make();
  stage.Print("new: generation %d", survivor->generation());
  for (const int generation : {0, 1, 2}) {
    gc.Collect(generation);
    stage.Print("survived gc.collect(%d): generation %d", generation,
                survivor->generation());
  }
  stage.Print("gc.get_count() = %s", TripleText(gc.GetCount()).c_str());

  gc.SetThreshold({50, 5, 5});
  stage.Print("gc.set_threshold(50, 5, 5), then 1000 lists that stay:");
  for (int i = 0; i < 1000; ++i) survivor->Append(List::Make());
  PrintGenerations(stage);
  gc.SetThreshold({0, 5, 5});
  stage.Print("gc.set_threshold(0, 5, 5), then 1000 more: 0 disables:");
  for (int i = 0; i < 1000; ++i) survivor->Append(List::Make());
  PrintGenerations(stage);
  stage.Print("gc.get_count() = %s", TripleText(gc.GetCount()).c_str());
  stage.Keeps("survivor", survivor);
  stage.Cut("three generations");
}

// ---- debug-flags -----------------------------------------------------------

void CollectWith(Stage& stage, Class* node_class, const char* flags_name,
                 unsigned flags, runtime::DebugForm form) {
  Collector& gc = stage.runtime().collector();
  LosePair(node_class);
  stage.Print("gc.set_debug(%s)", flags_name);
  gc.SetDebug(flags, form);
  gc.Collect();
  gc.SetDebug(0);
}

void RunDebugFlags(Stage& stage) {
  using runtime::DebugForm;
  Collector& gc = stage.runtime().collector();
  gc.SetDebugOutput(
      [&](const std::string& line) { stage.Print("%s", line.c_str()); });
  const Ref<Class> node_class = MakeNodeClass();
  CollectWith(stage, node_class, "gc.DEBUG_STATS", runtime::kDebugStats,
              DebugForm::kText);
  CollectWith(stage, node_class, "gc.DEBUG_STATS, in JSON lines",
              runtime::kDebugStats, DebugForm::kJsonLines);
  CollectWith(stage, node_class, "gc.DEBUG_COLLECTABLE",
              runtime::kDebugCollectable, DebugForm::kText);
  CollectWith(stage, node_class, "gc.DEBUG_LEAK", runtime::kDebugLeak,
              DebugForm::kText);
  stage.Print("len(gc.garbage) = %zu: saved, not freed", gc.garbage().size());
  stage.Cut("saved in gc.garbage");
  gc.garbage().Clear();
  gc.Collect();
  stage.Print("gc.set_debug(0); gc.garbage.clear(): len(gc.garbage) = %zu",
              gc.garbage().size());
  gc.SetDebugOutput({});
}

// ---- thresholds ------------------------------------------------------------

void RunThresholds(Stage& stage) {
  runtime::ThresholdPlan plan;
  plan.cycles = 10000;
  plan.long_lived = 1000;
  stage.Print("%9s %11s %12s %14s %10s", "threshold", "collections",
              "max pause us", "median pause us", "peak bytes");
  for (const runtime::ThresholdRow& row : runtime::TryThresholds(plan)) {
    stage.Print("%9" PRIu64 " %11" PRIu64 " %12" PRIu64 " %15" PRIu64
                " %10" PRIu64,
                row.threshold, row.collections, row.max_pause_ns / 1000,
                row.median_pause_ns / 1000, row.peak_bytes);
    const std::string threshold = std::to_string(row.threshold);
    stage.Number("collections " + threshold, row.collections);
    stage.Number("peak_bytes " + threshold, row.peak_bytes);
  }
}

}  // namespace

extern const Scenario kGenerations{
    "generations",
    "thresholds, counts and promotion through the three generations",
    {15, 16, 17, 25},
    __FILE__,
    Symptom::kNone,
    {"retained -n 3"},
    "Nothing leaks: what survives a collection is looked at less often.",
    {},
    &RunGenerations};

extern const Scenario kDebugFlags{
    "debug-flags",
    "what gc.set_debug prints, in text and in JSON lines; gc.garbage",
    {18, 25},
    __FILE__,
    Symptom::kNone,
    {"cycles --reachable"},
    "DEBUG_SAVEALL keeps what the collector finds in gc.garbage: reset the "
    "flags to 0 and clear the list.",
    {},
    &RunDebugFlags};

// Its own times are its subject: nothing is listed beside, nothing is cut.
extern const Scenario kThresholds{
    "thresholds",
    "how the threshold trades collections and pauses for waiting garbage",
    {26},
    __FILE__,
    Symptom::kNone,
    {},
    "Nothing leaks: a higher threshold collects less often and lets more "
    "garbage wait.",
    {runtime::Heap::kMalloc, runtime::FinalizerMode::kPep442,
     runtime::LiveObjects::kUnlisted},
    &RunThresholds};

}  // namespace demo

// finalizing.cc: chapter 2 of the articles: `__del__` in cycles, before and
// since PEP 442, and objects that their finalizer makes live again.
#include <cinttypes>

#include "samples/demo/node.h"
#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/list.h"

namespace demo {

using runtime::Class;
using runtime::Collection;
using runtime::Collector;
using runtime::Instance;

// Where a finalizer puts the object that it saves.
Ref<Object> lazarus;

namespace {

// ---- finalizer-cycle -------------------------------------------------------

Ref<Class> ClassWithDel(Stage& stage) {
  return MakeNodeClass([&stage](Instance& self) {
    stage.Print("  __del__ of %s", static_cast<Node&>(self).Name().c_str());
  });
}

__attribute__((noinline)) void LosePairWithDel(Stage& stage,
                                               Class* node_class) {
  const Pair pair = MakePair(node_class);
  if (!stage.is_broken()) pair.a->next = nullptr;
  stage.Print("del a; del b");
}

void RunFinalizerCycle(Stage& stage) {
  const Ref<Class> node_class = ClassWithDel(stage);
  LosePairWithDel(stage, node_class);
  stage.Cut("not collected yet");
  stage.Print("gc.collect()");
  const Collection collection = stage.runtime().collector().Collect();
  stage.Print("collected %" PRIu64 ", uncollectable %" PRIu64,
              collection.collected, collection.uncollectable);
}

// ---- legacy-finalizers -----------------------------------------------------

constexpr int kPairs = 300;

__attribute__((noinline)) void LosePairsWithDel(Stage& stage,
                                                Class* node_class) {
  for (int i = 0; i < kPairs; ++i) {
    stage.NextLineGrows();
    const Ref<Node> a = node_class->New<Node>(), b = node_class->New<Node>();
    a->next = b;
    b->next = a;
    if (!stage.is_broken()) a->next = nullptr;
  }
}

void RunLegacyFinalizers(Stage& stage) {
  Collector& gc = stage.runtime().collector();
  uint64_t finalized = 0;
  const Ref<Class> node_class = MakeNodeClass([&](Instance&) { ++finalized; });
  gc.Collect();
  stage.Cut("before");
  LosePairsWithDel(stage, node_class);
  const Collection collection = gc.Collect();
  stage.Print("finalized %" PRIu64 ", collected %" PRIu64
              ", uncollectable %" PRIu64 ", len(gc.garbage) = %zu",
              finalized, collection.collected, collection.uncollectable,
              gc.garbage().size());
  stage.Cut("after");
  // What a program of that time did: break them by hand.
  for (size_t i = 0; i < gc.garbage().size(); ++i) {
    Object* const saved = gc.garbage().Get(static_cast<int64_t>(i));
    static_cast<Node*>(saved)->next = nullptr;
  }
  gc.garbage().Clear();
  stage.Print("for node in gc.garbage: node.next = None: %zu nodes live",
              CountNodes(stage.runtime()));
}

// ---- resurrection ----------------------------------------------------------

void RunResurrection(Stage& stage) {
  Collector& gc = stage.runtime().collector();
  const Ref<Class> node_class = MakeNodeClass([&](Instance& self) {
    stage.Print("  __del__: lazarus = self");
    lazarus = &self;
  });

  Ref<Node> node = node_class->New<Node>();
  stage.Print("del node: its count falls to 0");
  node = nullptr;
  stage.Print("  lives: %s", lazarus != nullptr ? "True" : "False");
  stage.Cut("alive again");
  lazarus = nullptr;
  stage.Print("lazarus = None: freed without another call, %zu nodes live",
              CountNodes(stage.runtime()));

  node = node_class->New<Node>();
  node->next = node;
  stage.Print("node.next = node; del node; gc.collect()");
  node = nullptr;
  const Collection first = gc.Collect();
  stage.Print("  collected %" PRIu64 ", alive again %" PRIu64, first.collected,
              first.resurrected);
  lazarus = nullptr;
  stage.Print("lazarus = None; gc.collect()");
  stage.Print("  collected %" PRIu64 " without another call",
              gc.Collect().collected);
}

}  // namespace

extern const Scenario kFinalizerCycle{
    "finalizer-cycle",
    "__del__ in a cycle since PEP 442: finalized once, then cleared",
    {22, 83},
    __FILE__,
    Symptom::kCycle,
    {"cycles"},
    "Two nodes with finalizers keep each other alive by Node::next: break the "
    "cycle, and they are finalized in the statement that drops them.",
    {},
    &RunFinalizerCycle};

extern const Scenario kLegacyFinalizers{
    "legacy-finalizers",
    "__del__ in a cycle before Python 3.4: uncollectable, in gc.garbage",
    {22, 83},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line", "cycles --reachable -n 3"},
    "gc.garbage holds every cycle that has a finalizer: set Node::next to None "
    "before the nodes go.",
    {runtime::Heap::kMalloc, runtime::FinalizerMode::kLegacy,
     runtime::LiveObjects::kListed},
    &RunLegacyFinalizers};

extern const Scenario kResurrection{
    "resurrection",
    "a finalizer saves its object, once",
    {23},
    __FILE__,
    Symptom::kNone,
    {"retained -n 3"},
    "Nothing leaks: demo::lazarus holds what its finalizer saved, until it is "
    "set to None; the second death calls no finalizer.",
    {},
    &RunResurrection};

}  // namespace demo

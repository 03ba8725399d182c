// collecting.cc: chapter 2 of the articles: objects that keep each other alive,
// and the collector that finds them. Its settings are in collector_settings.cc,
// finalizers in finalizing.cc.
//
// What a scenario drops is dropped by a function that has returned, so that no
// stale word on the stack holds it when the snapshot is cut.
#include <cinttypes>
#include <string>

#include "samples/demo/node.h"
#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"

namespace demo {

using runtime::Class;
using runtime::Collection;
using runtime::Collector;
using runtime::Container;

// Article 4's: one object that refers to itself.
struct MyClass : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  runtime::Slot cycle;
};

namespace {

// ---- cycle -----------------------------------------------------------------

__attribute__((noinline)) void MakeAndLoseCycle(Stage& stage,
                                                Class* node_class) {
  const Pair pair = MakePair(node_class);  // A -> B, B -> A (cycle!)
  if (!stage.is_broken()) {
    pair.a->next = nullptr;  // del a.next
    pair.b->next = nullptr;  // del b.next
  }
}  // del a; del b

// What gc.collect() returns.
uint64_t Found(const Collection& collection) {
  return collection.collected + collection.uncollectable;
}

void RunCycle(Stage& stage) {
  Collector& gc = stage.runtime().collector();
  gc.Collect();
  const Ref<Class> node_class = MakeNodeClass();
  MakeAndLoseCycle(stage, node_class);
  stage.Cut("not collected yet");
  const uint64_t collected = Found(gc.Collect());
  stage.Print("\nGC collected %" PRIu64 " objects (including the cycle)",
              collected);
  stage.Print("GC thresholds: %s", TripleText(gc.GetThreshold()).c_str());
  stage.Print("GC counts : %s", TripleText(gc.GetCount()).c_str());
  stage.Print("CPython 3.11, of the cycle: 2, (700, 10, 10), (4, 0, 0)");
}

// ---- self-cycle ------------------------------------------------------------

__attribute__((noinline)) Ref<Class> MakeMyClass() {
  return Class::Make<MyClass>("MyClass", {{{"cycle"}}, {}, {}});
}

__attribute__((noinline)) void MakeAndLoseSelfCycle(Stage& stage,
                                                    Class* my_class) {
  const Ref<MyClass> object = my_class->New<MyClass>();
  object->cycle = object;  // self.cycle = self
  if (!stage.is_broken()) object->cycle = nullptr;
}  // del obj

void RunSelfCycle(Stage& stage) {
  const Ref<Class> my_class = MakeMyClass();
  MakeAndLoseSelfCycle(stage, my_class);
  stage.Cut("not collected yet");
  stage.Print("gc.collect() returns %" PRIu64,
              Found(stage.runtime().collector().Collect()));
}

// ---- referrers -------------------------------------------------------------

__attribute__((noinline)) void TraceAndLoseCycle(Stage& stage,
                                                 Class* node_class) {
  const Collector& gc = stage.runtime().collector();
  const Ref<Node> a = MakeNode(node_class, "A");
  const Ref<Node> b = MakeNode(node_class, "B");
  const Ref<Node> c = MakeNode(node_class, "C");
  a->next = b;
  b->next = c;
  c->next = a;
  for (const Node* node : {a.get(), b.get(), c.get()}) {
    for (const Container* referrer :
         gc.GetReferrers({const_cast<Node*>(node)})) {
      stage.Print("gc.get_referrers(%s): %s %s", node->Name().c_str(),
                  referrer->TypeName(),
                  static_cast<const Node*>(referrer)->Name().c_str());
    }
    std::string referents;
    for (const Object* referent : Collector::GetReferents(node))
      referents += std::string(" ") + referent->TypeName();
    stage.Print("gc.get_referents(%s):%s", node->Name().c_str(),
                referents.c_str());
  }
  std::string cycle;
  for (const Node* node : TraceCycle(a)) cycle += node->Name() + " -> ";
  stage.Print("cycle: %s%s", cycle.c_str(), a->Name().c_str());
  stage.Keeps("a", a);
  stage.Cut("a cycle, held by variables");
}

void RunReferrers(Stage& stage) {
  const Ref<Class> node_class = MakeNodeClass();
  TraceAndLoseCycle(stage, node_class);
  stage.Print("gc.collect() returns %" PRIu64,
              Found(stage.runtime().collector().Collect()));
  stage.Print("nodes that live: %zu", CountNodes(stage.runtime()));
}

// ---- collector-off ---------------------------------------------------------

constexpr int kRequests = 1000;

__attribute__((noinline)) void ServeRequests(Class* node_class) {
  for (int i = 0; i < kRequests; ++i) LosePair(node_class);
}

void RunCollectorOff(Stage& stage) {
  Collector& gc = stage.runtime().collector();
  const Ref<Class> node_class = MakeNodeClass();
  stage.Cut("before");
  gc.Disable();  // gc.disable(): no pauses while latency matters
  ServeRequests(node_class);
  if (!stage.is_broken()) {
    gc.Enable();
    gc.Collect();
  }
  stage.Print("after %d requests, the collector %s: %zu nodes", kRequests,
              gc.is_enabled() ? "back on" : "off", CountNodes(stage.runtime()));
  stage.Cut("half way");
  ServeRequests(node_class);
  if (!stage.is_broken()) gc.Collect();
  stage.Print("after %d requests: %zu nodes", 2 * kRequests,
              CountNodes(stage.runtime()));
  stage.Cut("after");
  gc.Enable();
}

// ---- collect-first ---------------------------------------------------------

constexpr int kLost = 300;  // too few for a collection to be due

__attribute__((noinline)) void LoseNodes(Stage& stage, Class* node_class) {
  for (int i = 0; i < kLost; ++i) {
    stage.NextLineGrows();
    const Ref<Node> a = node_class->New<Node>();
    a->next = a;
  }
}

void RunCollectFirst(Stage& stage) {
  Collector& gc = stage.runtime().collector();
  const Ref<Class> node_class = MakeNodeClass();
  gc.Collect();
  stage.Cut("before");
  LoseNodes(stage, node_class);
  stage.Print("unreachable, not collected yet: %zu nodes",
              CountNodes(stage.runtime()));
  if (!stage.is_broken()) {
    stage.Cut("not collected yet");
    gc.Collect();
  }
  stage.Print("in the last snapshot: %zu nodes", CountNodes(stage.runtime()));
  stage.Cut("after");
}

}  // namespace

extern const Scenario kCycle{
    "cycle",
    "A -> B -> A: the counts never fall to 0; the collector finds it",
    {11, 13, 14, 27, 28},
    __FILE__,
    Symptom::kCycle,
    {"cycles"},
    "Two nodes keep each other alive by Node::next: set one of the references "
    "to None, or make it weak, or wait for the collector.",
    {},
    &RunCycle};

extern const Scenario kSelfCycle{
    "self-cycle",
    "self.cycle = self: a cycle of one",
    {12},
    __FILE__,
    Symptom::kCycle,
    {"cycles"},
    "An object keeps itself alive by MyClass::cycle: set it to None before "
    "the last variable goes.",
    {},
    &RunSelfCycle};

extern const Scenario kReferrers{
    "referrers",
    "gc.get_referrers and gc.get_referents trace a cycle",
    {19, 20},
    __FILE__,
    Symptom::kNone,
    {"cycles --reachable"},
    "Three nodes refer to each other in a circle by Node::next, held by "
    "variables: once these go, the collector frees all three.",
    {},
    &RunReferrers};

extern const Scenario kCollectorOff{
    "collector-off",
    "gc.disable(): cycles are never freed",
    {21, 84, 102},
    __FILE__,
    Symptom::kCycle,
    {"diff --by line", "cycles -n 3"},
    "Every request loses a cycle of two nodes and the collector is off: turn "
    "it on again and collect as soon as latency matters no more.",
    {},
    &RunCollectorOff};

extern const Scenario kCollectFirst{
    "collect-first",
    "garbage that waits for the collector reads as growth: collect first",
    {13, 24},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line", "cycles -n 3"},
    "The nodes are garbage that waits for its collection, no leak: call "
    "gc.collect() before the snapshot.",
    {},
    &RunCollectFirst};

}  // namespace demo

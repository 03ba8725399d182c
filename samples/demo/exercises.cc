// exercises.cc: the six exercises of article 1, as one runnable set. Each
// prints what it was asked to find, and says what was expected.
#include <cinttypes>
#include <vector>

#include "samples/demo/node.h"
#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/experiment.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/sizes.h"
#include "samples/runtime/text.h"
#include "samples/runtime/weak_ref.h"

namespace demo {

using runtime::Class;
using runtime::Dict;
using runtime::Float;
using runtime::Int;
using runtime::List;
using runtime::Str;
using runtime::WeakValueDict;

struct Point : runtime::DictInstance {
  using DictInstance::DictInstance;
};
struct SlottedPoint : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  runtime::Slot x, y;
};
struct Resource : runtime::DictInstance {
  using DictInstance::DictInstance;
};

Ref<List> module_list;

namespace {

void Expect(Stage& stage, const char* what, uint64_t found, uint64_t wanted) {
  stage.Print("%s: %" PRIu64 "%s", what, found,
              found == wanted ? ", as expected" : " -- NOT AS EXPECTED");
}

// ---- exercise 1: a class with and without slots ----------------------------

constexpr uint64_t kInstances = 100'000;

// Bytes of the runtime's heap that so many instances take, each alone.
template <typename T>
uint64_t BytesOfInstances(Stage& stage, Class* of) {
  const auto& stats = stage.runtime().allocator().stats();
  const Ref<Float> value = Float::Make(1.0);
  const Ref<List> all = List::WithCapacity(kInstances);
  const uint64_t before = stats.live_bytes;
  for (uint64_t i = 0; i < kInstances; ++i) {
    const Ref<T> instance = of->New<T>();
    instance->SetAttribute("x", value);
    instance->SetAttribute("y", value);
    all->Append(instance);
  }
  return stats.live_bytes - before;
}

void RunExercise1(Stage& stage) {
  const Ref<Class> regular = Class::Make<Point>("Point");
  const Ref<Class> slotted =
      Class::Make<SlottedPoint>("SlottedPoint", {{{"x", "y"}}, {}, {}});
  const uint64_t with_dict = BytesOfInstances<Point>(stage, regular);
  const uint64_t with_slots = BytesOfInstances<SlottedPoint>(stage, slotted);
  // 56 + 64 + a table of 8 slots: 32 + 8 + 5 * 24; and 40 + 2 * 8.
  Expect(stage, "bytes per instance with a dict", with_dict / kInstances, 280);
  Expect(stage, "bytes per instance with slots", with_slots / kInstances, 56);
  stage.Print("saved per instance: %" PRIu64 " bytes (%.0f %%)",
              (with_dict - with_slots) / kInstances,
              100.0 * static_cast<double>(with_dict - with_slots) /
                  static_cast<double>(with_dict));
  try {
    slotted->New<SlottedPoint>()->SetAttribute("z", Int::Make(1));
  } catch (const runtime::AttributeError& error) {
    stage.Print("%s", error.Line().c_str());
  }
}

// ---- exercise 2: a detector of reference cycles ----------------------------

__attribute__((noinline)) void MakeAndTraceCycle(Stage& stage,
                                                 Class* node_class) {
  const Pair pair = MakePair(node_class);
  Expect(stage, "objects in the cycle, by gc.get_referents()",
         TraceCycle(pair.a).size(), 2);
  Expect(stage, "objects that refer to A, by gc.get_referrers()",
         stage.runtime().collector().GetReferrers({pair.a}).size(), 1);
}

void RunExercise2(Stage& stage) {
  const Ref<Class> node_class = MakeNodeClass();
  stage.runtime().collector().Collect();
  MakeAndTraceCycle(stage, node_class);
  Expect(stage, "nodes that live after del", CountNodes(stage.runtime()), 2);
  stage.Cut("lost, and not yet collected");
  Expect(stage, "gc.collect()",
         stage.runtime().collector().Collect().unreachable, 2);
  Expect(stage, "nodes that live after it", CountNodes(stage.runtime()), 0);
}

// ---- exercise 3: a cache that shrinks by itself ----------------------------

void RunExercise3(Stage& stage) {
  const Ref<Class> resource_class = Class::Make<Resource>("Resource");
  const Ref<WeakValueDict> cache = WeakValueDict::Make();
  const Ref<List> held = List::Make();
  uint64_t hits = 0;
  uint64_t misses = 0;
  const auto get_or_create = [&](const char* name) {
    const Ref<Str> key = Str::Make(name);
    Ref<Object> resource = cache->Get(key);
    if (resource != nullptr) {
      ++hits;
      return resource;
    }
    ++misses;
    resource = resource_class->New<Resource>();
    cache->Set(key, resource);
    return resource;
  };
  for (const char* name : {"alpha", "beta", "gamma", "delta"})
    held->Append(get_or_create(name));
  get_or_create("alpha");
  get_or_create("nobody holds it");
  Expect(stage, "hits", hits, 1);
  Expect(stage, "misses", misses, 5);
  Expect(stage, "cached while four are held", cache->size(), 4);
  held->Pop();
  held->Pop();
  Expect(stage, "cached after two are let go", cache->size(), 2);
}

// ---- exercise 4: name the leaking line -------------------------------------

__attribute__((noinline)) void AppendToModuleList(Stage& stage, int call) {
  stage.NextLineGrows();
  const Ref<Str> text = Str::Repeat("x", 1000);
  // Fixed: the list keeps the last hundred.
  if (!stage.is_broken() && call >= 100) module_list->Pop(0);
  module_list->Append(text);
}

void RunExercise4(Stage& stage) {
  module_list = List::Make();
  for (int call = 0; call < 100; ++call) AppendToModuleList(stage, call);
  stage.Cut("before 1000 calls");
  for (int call = 100; call < 1100; ++call) AppendToModuleList(stage, call);
  Expect(stage, "strings in the list", module_list->size(),
         stage.is_broken() ? 1100 : 100);
  stage.Keeps("module_list", module_list);
  stage.Cut("after 1000 calls");
  module_list = nullptr;
}

// ---- exercise 5: deep sizes ------------------------------------------------

// A dict of lists of dicts, no part of which is shared.
Ref<Dict> Nested() {
  const Ref<Dict> outer = Dict::Make();
  for (const char* name : {"first", "second"}) {
    const Ref<List> list = List::WithCapacity(2);
    for (int64_t i = 0; i < 2; ++i) {
      const Ref<Dict> inner = Dict::Make();
      inner->Set(Int::Make(1000 + i), Float::Make(static_cast<double>(i)));
      list->Append(inner);
    }
    outer->Set(Str::Make(name), list);
  }
  return outer;
}

void RunExercise5(Stage& stage) {
  const Ref<Dict> nested = Nested();
  const uint64_t table = 32 + 8 + 5 * 24;
  const uint64_t dict = 64 + table;
  const uint64_t list = 56 + 2 * 8;
  const uint64_t entry = 28 + 24;  // an int and a float
  Expect(stage, "shallow size", nested->ShallowBytes(), dict);
  Expect(stage, "deep size", runtime::DeepBytes(nested),
         dict + 2 * list + 4 * (dict + entry) + (41 + 5) + (41 + 6));
  stage.Keeps("nested", nested);
  stage.Cut("nested");
}

// ---- exercise 6: thresholds ------------------------------------------------

void RunExercise6(Stage& stage) {
  runtime::ThresholdPlan plan;
  plan.cycles = 20'000;
  plan.long_lived = 1000;
  stage.Print("%9s %12s %12s", "threshold", "collections", "peak bytes");
  uint64_t last_collections = UINT64_MAX;
  uint64_t last_peak = 0;
  bool is_monotone = true;
  for (const runtime::ThresholdRow& row : runtime::TryThresholds(plan)) {
    stage.Print("%9" PRIu64 " %12" PRIu64 " %12" PRIu64, row.threshold,
                row.collections, row.peak_bytes);
    is_monotone = is_monotone && row.collections <= last_collections &&
                  row.peak_bytes >= last_peak;
    last_collections = row.collections;
    last_peak = row.peak_bytes;
  }
  stage.Print("a higher threshold: fewer collections, a higher peak%s",
              is_monotone ? "" : " -- NOT AS EXPECTED");
}

}  // namespace

#define DEMO_EXERCISE(number, title, symptom, reports, says)         \
  extern const Scenario kExercise##number{                           \
      "exercise-" #number, title,   {107}, __FILE__, symptom,        \
      std::vector<const char*> reports, says, {},                    \
      &RunExercise##number};

DEMO_EXERCISE(1, "a class with and without slots", Symptom::kNone, ({}),
              "Nothing leaks: a dict for each instance is what slots save.")
DEMO_EXERCISE(2, "a detector of reference cycles", Symptom::kNone,
              ({"cycles -n 1"}),
              "The two nodes hold each other until gc.collect() finds them.")
DEMO_EXERCISE(3, "a cache that shrinks by itself", Symptom::kNone, ({}),
              "Nothing leaks: a weak cache forgets what nobody else holds.")
DEMO_EXERCISE(4, "the line that appends to a module's list", Symptom::kGrowth,
              ({"diff --by line -n 3", "retained -n 3"}),
              "demo::module_list keeps every string: keep the last hundred.")
DEMO_EXERCISE(5, "deep sizes of a dict of lists of dicts", Symptom::kNone,
              ({"retained -n 3"}),
              "Nothing leaks: sys.getsizeof() tells the dict's own bytes, the "
              "deep size all that it leads to.")
DEMO_EXERCISE(6, "thresholds of the collector", Symptom::kNone, ({}),
              "Nothing leaks: a threshold trades collections for memory.")
#undef DEMO_EXERCISE

}  // namespace demo

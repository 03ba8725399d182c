// counting.cc: chapter 1 of the articles: counting references. Who adds to a
// count, who takes from it, and that an object dies in the statement that takes
// the last reference away.
//
// A Ref is a variable of the articles' Python; `x = nullptr` is their `del x`.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/disguise.h"
#include "samples/runtime/event_log.h"
#include "samples/runtime/exact_graph.h"
#include "samples/runtime/function.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/sizes.h"

namespace demo {

using runtime::Class;
using runtime::Collection;
using runtime::Collector;
using runtime::Function;
using runtime::Int;
using runtime::List;
using runtime::Slot;

// An object without references that could close a cycle.
struct Leaf : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  Slot value;
};

// A vertex of a random graph.
struct Vertex : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  Slot left, right;
};

namespace {

Ref<List> OneTwoThree() {
  return List::Make({Int::Make(1), Int::Make(2), Int::Make(3)});
}

// ---- counting --------------------------------------------------------------

void ReferenceCountingDemo(Stage& stage) {
  const uint64_t blocks = stage.runtime().allocator().stats().live_blocks;
  Ref<List> a = OneTwoThree();  // a = [1, 2, 3]
  stage.Print("After creation : refcount = %u", a->refcount());
  Ref<List> b = a;  // b = a
  stage.Print("After b = a : refcount = %u", a->refcount());
  Ref<List> c = List::Make({a, a, a});  // c = [a, a, a]
  stage.Print("After c = [a,a,a] : refcount = %u", a->refcount());
  c = nullptr;  // del c
  stage.Print("After del c : refcount = %u", a->refcount());
  b = nullptr;  // del b
  stage.Print("After del b : refcount = %u", a->refcount());
  a = nullptr;  // del a: freed before the next statement
  stage.Print("After del a : %" PRIu64 " blocks more than before creation",
              stage.runtime().allocator().stats().live_blocks - blocks);
}

void RunCounting(Stage& stage) {
  stage.Cut("before");
  ReferenceCountingDemo(stage);
  // Lists and their items came and went between the two cuts.
  stage.Cut("after");
}

// ---- temporary-reference ---------------------------------------------------

enum class Temporary { kIncluded, kSubtracted };

// sys.getrefcount: its parameter is a reference, too.
uint32_t GetRefCount(Ref<Object> object, Temporary temporary) {
  const uint32_t count = object->refcount();
  return temporary == Temporary::kIncluded ? count : count - 1;
}

Ref<Object> PrintRefCount(Function&, Ref<Object> object) {
  printf("%u\n", GetRefCount(object, Temporary::kIncluded));
  return nullptr;
}

void RunTemporaryReference(Stage& stage) {
  Ref<List> a = OneTwoThree();
  stage.Print("%u", GetRefCount(a, Temporary::kIncluded));
  Ref<Function> show_refcount = Function::Make("show_refcount", PrintRefCount);
  show_refcount->Call(a);
  stage.Print("without the temporary reference: %u",
              GetRefCount(a, Temporary::kSubtracted));
  stage.Print("CPython 3.11 to 3.13: 2 and 3; 3.6 to 3.10: 2 and 4");
}

// ---- lifecycle -------------------------------------------------------------

// A place where a reference stands, by the name of its variable.
struct Place {
  const void* holder;
  const char* name;
};
using Places = std::vector<Place>;

const char* NameOf(const Places& places, const void* holder) {
  if (holder == nullptr) return "";
  for (const Place& place : places) {
    if (place.holder == holder) return place.name;
  }
  return "c[0]";  // the only one that is no variable
}

void PrintHolders(Stage& stage, const Object* object, const Places& places) {
  const auto holders = stage.runtime().events().HoldersOf(object);
  stage.Print("who holds each count (refcount = %u):", object->refcount());
  stage.Print("  %zu since its creation: a",
              object->refcount() - holders.size());
  for (const runtime::EventLog::Holder& holder : holders) {
    const char* const slash = strrchr(holder.site.file, '/');
    stage.Print("  1 since %s:%d: %s",
                slash != nullptr ? slash + 1 : holder.site.file,
                holder.site.line, NameOf(places, holder.holder));
  }
}

void PrintEvents(Stage& stage, const Places& places) {
  stage.Print("%-5s  %-9s  %5s  %s", "event", "what", "count", "holder");
  for (const runtime::Event& event : stage.runtime().events().events()) {
    const auto* holder = runtime::Undisguised<const void>(event.holder);
    stage.Print("%5" PRIu64 "  %-9s  %5u  %s", event.number,
                runtime::EventName(event.what), event.count,
                NameOf(places, holder));
  }
}

// The article's four statements; leaving a scope is `del`. Returns where the
// variables stood.
Places LiveAndDie(Stage& stage, Class* document_class) {
  Ref<Leaf> a = document_class->New<Leaf>();  // a = Document()
  stage.runtime().events().Watch(a);
  Ref<Leaf> b = a;
  const Places places = {{&a, "a"}, {&b, "b"}};
  const Ref<List> c = List::Make({a});  // c = [a]
  PrintHolders(stage, a, places);
  return places;
}  // del c; del b; del a: finalized and freed

void RunLifecycle(Stage& stage) {
  const Ref<Class> document_class = Class::Make<Leaf>(
      "Document", {{{"value"}}, {}, [](runtime::Instance&) {}});
  PrintEvents(stage, LiveAndDie(stage, document_class));
}

// ---- rebinding -------------------------------------------------------------

void Rebind(Stage& stage, const char* kind, Ref<Int> (*make)(int64_t)) {
  const uint64_t blocks = stage.runtime().allocator().stats().live_blocks;
  stage.Print("%s", kind);
  Ref<Int> a = make(42);  // a = 42
  const Int* const forty_two = a.get();
  stage.Print("  a = 42 : refcount of 42 = %u", forty_two->refcount());
  Ref<Int> b = a;  // b = a
  stage.Print("  b = a  : refcount of 42 = %u", forty_two->refcount());
  a = make(23);  // a = 23
  stage.Print("  a = 23 : refcount of 42 = %u", forty_two->refcount());
  b = nullptr;  // del b
  a = nullptr;
  if (stage.runtime().allocator().stats().live_blocks > blocks) {
    stage.Print("  del b  : 42 lives");
  } else if (make == &Int::MakeUnshared) {
    stage.Print("  del b  : 42 is freed");
  } else {
    stage.Print("  del b  : refcount of 42 = %u", forty_two->refcount());
  }
}

void RunRebinding(Stage& stage) {
  Rebind(stage, "integers on the heap, as the article counts them:",
         &Int::MakeUnshared);
  Rebind(stage, "integers from -5 to 256 are shared, as CPython has them:",
         &Int::Make);
  stage.Print("CPython 3.11: +1, +2, +1, +0 above what the interpreter holds");
}

// ---- prompt-free -----------------------------------------------------------

constexpr int kKept = 20000;

// The processor time of this thread: what others run meanwhile is no pause.
int64_t ProcessorNs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{1'000'000'000} * now.tv_sec + now.tv_nsec;
}

// Keeps every second of the objects it makes, and lets the others go. The
// longest time that making one and letting go of one took.
int64_t LongestPause(Class* leaf_class) {
  int64_t longest_ns = 0;
  const Ref<List> kept = List::WithCapacity(kKept);
  for (int i = 0; i < kKept; ++i) {
    const int64_t start = ProcessorNs();
    kept->Append(leaf_class->New<Leaf>());
    Ref<Leaf> leaf = leaf_class->New<Leaf>();
    leaf = nullptr;  // del leaf
    longest_ns = std::max(longest_ns, ProcessorNs() - start);
  }
  return longest_ns;
}

void RunPromptFree(Stage& stage) {
  Collector& gc = stage.runtime().collector();
  const Ref<Class> leaf_class =
      Class::Make<Leaf>("Leaf", {{{"value"}}, {}, {}});
  LongestPause(leaf_class);  // memory is warm then
  gc.Disable();
  const int64_t counting_ns = LongestPause(leaf_class);
  gc.Enable();

  uint64_t collections = 0, examined = 0, found = 0;
  gc.SetCallback([&](const Collection& collection) {
    ++collections;
    examined = std::max(examined, collection.examined);
    found += collection.unreachable;
  });
  const int64_t collecting_ns = LongestPause(leaf_class);
  gc.SetCallback({});

  stage.Print("counting alone: %d objects freed, each at once", kKept);
  stage.Print("  longest pause: %" PRId64 " us", counting_ns / 1000);
  stage.Print("with the collector: %" PRIu64 " collections, up to %" PRIu64
              " objects examined in one, %" PRIu64 " found",
              collections, examined, found);
  stage.Print("  longest pause: %" PRId64 " us", collecting_ns / 1000);
  stage.Number("longest_pause_counting_ns", static_cast<uint64_t>(counting_ns));
  stage.Number("longest_pause_collecting_ns",
               static_cast<uint64_t>(collecting_ns));
  stage.Number("most_examined", examined);
}

// ---- invariant -------------------------------------------------------------

constexpr size_t kVertices = 500;
constexpr size_t kIsland = 50;  // vertices refer to others of their island
constexpr size_t kRoots = 5;

__attribute__((noinline)) Ref<Class> MakeVertexClass() {
  return Class::Make<Vertex>("Vertex", {{{"left", "right"}}, {}, {}});
}

// A random graph of which a few vertices, all on the first island, stay held.
__attribute__((noinline)) std::vector<Ref<Vertex>> MakeGraph(
    Class* vertex_class) {
  std::vector<Ref<Vertex>> vertices;
  for (size_t i = 0; i < kVertices; ++i)
    vertices.push_back(vertex_class->New<Vertex>());
  uint32_t random = 1;
  for (size_t i = 0; i < kVertices; ++i) {
    for (Slot* const slot : {&vertices[i]->left, &vertices[i]->right}) {
      random = random * 1664525 + 1013904223;
      *slot = vertices[i - i % kIsland + (random >> 8) % kIsland];
    }
  }
  vertices.resize(kRoots);
  return vertices;
}

void RunInvariant(Stage& stage) {
  runtime::Runtime& runtime = stage.runtime();
  const Ref<Class> vertex_class = MakeVertexClass();
  const uint64_t others = runtime.live_objects();
  const std::vector<Ref<Vertex>> roots = MakeGraph(vertex_class);
  for (const char* when : {"before collect", "after collect"}) {
    const uint64_t live = runtime.live_objects();
    const uint64_t reachable =
        runtime::ReachableObjects(runtime::TakeExactGraph(runtime));
    stage.Print("%-14s: %" PRIu64 " vertices live, %" PRIu64
                " of them reachable",
                when, live - others, reachable - others);
    stage.Number(std::string("unreachable ") + when, live - reachable);
    stage.Cut(when);
    runtime.collector().Collect();
  }
}

}  // namespace

extern const Scenario kCounting{
    "counting",
    "the count rises and falls with every reference; at 0 the object is freed",
    {1, 2, 4},
    __FILE__,
    Symptom::kNone,
    {"diff --by line"},
    "Nothing leaks: the list dies in the statement that takes the last "
    "reference away, so the two snapshots do not differ.",
    {},
    &RunCounting};

extern const Scenario kTemporaryReference{
    "temporary-reference",
    "asking for a count adds a reference; a call through a function, another",
    {3, 5},
    __FILE__,
    Symptom::kNone,
    {},
    "Nothing leaks: the references that a call adds go when it returns.",
    {},
    &RunTemporaryReference};

extern const Scenario kLifecycle{
    "lifecycle",
    "created, taken, given back, finalized, freed: the log of one object",
    {1, 8},
    __FILE__,
    Symptom::kNone,
    {},
    "Nothing leaks: each reference that was taken was given back by the same "
    "holder.",
    {},
    &RunLifecycle};

extern const Scenario kRebinding{
    "rebinding",
    "a = 42; b = a; a = 23; del b: with integers on the heap and shared ones",
    {9},
    __FILE__,
    Symptom::kNone,
    {},
    "Nothing leaks: a small integer that outlives all its variables is the "
    "runtime's own.",
    {},
    &RunRebinding};

extern const Scenario kPromptFree{
    "prompt-free",
    "the longest pause of counting against that of a collector",
    {7},
    __FILE__,
    Symptom::kNone,
    {},
    "Nothing leaks: counting frees at once and in small steps; the collector "
    "examines everything that lives, to find nothing.",
    {},
    &RunPromptFree};

extern const Scenario kInvariant{
    "invariant",
    "what lives is what can be reached, once the collector has run",
    {10},
    __FILE__,
    Symptom::kNone,
    {"diff --by line", "cycles -n 3"},
    "Nothing leaks: what no root reaches is gone after a collection.",
    {},
    &RunInvariant};

}  // namespace demo

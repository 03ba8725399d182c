// weak.cc: chapter 3 of the articles: references that do not count, and the
// caches that are made of them. Observers and parents are in weak_patterns.cc.
#include <cinttypes>
#include <cstdio>
#include <string>

#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/cast.h"
#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/function.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/text.h"
#include "samples/runtime/weak_ref.h"

namespace demo {

using runtime::Cast;
using runtime::Class;
using runtime::Dict;
using runtime::Function;
using runtime::Instance;
using runtime::Int;
using runtime::List;
using runtime::Str;
using runtime::WeakRef;
using runtime::WeakValueDict;

// Article 1's: a megabyte behind a small object.
struct ExpensiveResource : runtime::DictInstance {
  using DictInstance::DictInstance;
};

// Article 2's: a list of a million integers.
struct HeavyObject : runtime::DictInstance {
  using DictInstance::DictInstance;
};

// Article 2's load_config(), in a class: a dict has no weak references.
struct Config : runtime::DictInstance {
  using DictInstance::DictInstance;
};

// What the caches below keep their objects in, and who holds them besides.
Ref<Dict> resource_cache;
Ref<WeakValueDict> weak_resource_cache;
Ref<WeakValueDict> smart_cache;
Ref<Config> current_config;

namespace {

std::string NameOfResource(const Instance& resource) {
  const Ref<Object> name = resource.GetAttribute("name");
  return std::string(Cast<Str>(name.get())->view());
}

Ref<Class> ExpensiveResourceClass(Stage& stage) {
  return Class::Make<ExpensiveResource>(
      "ExpensiveResource", {{}, {}, [&stage](Instance& self) {
                              stage.Print(" [GC] %s deallocated",
                                          NameOfResource(self).c_str());
                            }});
}

// The name and self.data = bytearray(1_000_000).
Ref<ExpensiveResource> MakeResource(Class* resource_class, Str* name,
                                    Ref<runtime::Bytes> data) {
  Ref<ExpensiveResource> resource = resource_class->New<ExpensiveResource>();
  resource->SetAttribute("name", name);
  resource->SetAttribute("data", data);
  return resource;
}

// ---- weak-reference --------------------------------------------------------

void WeakrefDemo(Stage& stage, Class* resource_class) {
  const auto alive = [](const WeakRef& weak) {
    return weak.Get() != nullptr ? "True" : "False";
  };
  stage.Print("\n--- weakref demo ---");
  Ref<ExpensiveResource> resource = MakeResource(
      resource_class, Str::Make("primary"), runtime::Bytes::Zeroed(1'000'000));
  const uint32_t before = resource->refcount();
  const Ref<WeakRef> weak = WeakRef::Make(resource);
  const uint32_t after = resource->refcount();
  stage.Print("Weak ref alive: %s", alive(*weak));
  stage.Print("Object: ExpensiveResource('%s')",
              NameOfResource(*resource).c_str());
  stage.Keeps("resource", resource);
  stage.Cut("resource held");
  resource = nullptr;  // del resource
  stage.Print("After del: weak ref alive: %s", alive(*weak));
  stage.Print("refcount without a weak reference = %u, with one = %u", before,
              after);
}

void RunWeakReference(Stage& stage) {
  const Ref<Class> resource_class = ExpensiveResourceClass(stage);
  WeakrefDemo(stage, resource_class);
}

// ---- weak-callbacks --------------------------------------------------------

// Its closure: its number. The weak reference is dead by now, and the object
// is not freed yet.
Ref<Object> PrintCallback(Function& self, Ref<Object> weak) {
  printf("  callback %" PRId64
         ": the weak reference gives %s, %zu Config not "
         "yet freed\n",
         Cast<Int>(self.Captured(0).Get())->value(),
         Cast<WeakRef>(weak.get())->is_alive() ? "it" : "None",
         runtime::Runtime::Current().CountLive<Config>());
  return nullptr;
}

void RunWeakCallbacks(Stage& stage) {
  const Ref<Class> config_class = Class::Make<Config>("Config");
  Ref<Config> object = config_class->New<Config>();
  Ref<WeakRef> weak[4];
  for (int i = 0; i < 4; ++i) {
    const Ref<runtime::Cell> number = runtime::Cell::Make(Int::Make(i + 1));
    const Ref<Function> callback =
        Function::Make("callback", PrintCallback, {number});
    weak[i] = WeakRef::Make(object, callback);
  }
  stage.Print("4 callbacks registered; the second weak reference dies first");
  weak[1] = nullptr;
  stage.Print("del object");
  object = nullptr;
  stage.Print("CPython 3.11 calls 4, 3, 1 as well");
}

// ---- weak-cache ------------------------------------------------------------

// The third exercise: a cache that does not keep its objects alive.
class WeakCache {
 public:
  enum class Holds { kStrongly, kWeakly };

  WeakCache(Stage* stage, Holds holds) : stage_(stage), holds_(holds) {
    resource_cache = Dict::Make();
    weak_resource_cache = WeakValueDict::Make();
  }

  Ref<Object> GetOrCreate(const char* name, Class* resource_class) {
    const Ref<Str> key = Str::Make(name);
    Ref<Object> object = holds_ == Holds::kStrongly
                             ? Ref<Object>(resource_cache->Get(key))
                             : weak_resource_cache->Get(key);
    if (object != nullptr) {
      ++hits_;
      return object;
    }
    ++misses_;
    stage_->NextLineGrows();
    Ref<runtime::Bytes> data = runtime::Bytes::Zeroed(1'000'000);
    object = MakeResource(resource_class, key, data);
    if (holds_ == Holds::kStrongly) {
      resource_cache->Set(key, object);
    } else {
      weak_resource_cache->Set(key, object);
    }
    return object;
  }

  std::string Stats() const {
    const size_t cached = holds_ == Holds::kStrongly
                              ? resource_cache->size()
                              : weak_resource_cache->size();
    return "{'hits': " + std::to_string(hits_) +
           ", 'misses': " + std::to_string(misses_) +
           ", 'cached': " + std::to_string(cached) + "}";
  }

 private:
  Stage* stage_;
  Holds holds_;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
};

__attribute__((noinline)) void WeakCacheDemo(Stage& stage,
                                             Class* resource_class) {
  stage.Print("\n--- WeakCache demo ---");
  WeakCache cache(&stage, stage.is_broken() ? WeakCache::Holds::kStrongly
                                            : WeakCache::Holds::kWeakly);
  Ref<Object> resource;
  const Ref<List> refs = List::Make();
  for (const char* name : {"alpha", "beta", "gamma"}) {
    resource = cache.GetOrCreate(name, resource_class);
    refs->Append(resource);
  }
  stage.Print("Cache stats: %s", cache.Stats().c_str());
  for (const char* name : {"alpha", "beta"})
    cache.GetOrCreate(name, resource_class);
  stage.Print("After re-access: %s", cache.Stats().c_str());
  refs->RemoveAt(0);  // del refs[0]
  stage.runtime().collector().Collect();
  stage.Print("After releasing alpha: %s", cache.Stats().c_str());
}  // del refs, resource

void RunWeakCache(Stage& stage) {
  const Ref<Class> resource_class = ExpensiveResourceClass(stage);
  stage.Cut("before");
  WeakCacheDemo(stage, resource_class);
  stage.Cut("after");
  resource_cache = nullptr;
  weak_resource_cache = nullptr;
}

// ---- heavy-object ----------------------------------------------------------

constexpr int kItems = 1'000'000;

Ref<HeavyObject> MakeHeavyObject(Class* heavy_class) {
  const Ref<List> data = List::Make();
  for (int i = 0; i < kItems; ++i) data->Append(Int::Make(i));
  Ref<HeavyObject> heavy = heavy_class->New<HeavyObject>();
  heavy->SetAttribute("data", data);
  return heavy;
}

void RunHeavyObject(Stage& stage) {
  const auto& stats = stage.runtime().allocator().stats();
  const Ref<Class> heavy_class = Class::Make<HeavyObject>("HeavyObject");
  const Ref<WeakValueDict> cache = WeakValueDict::Make();
  const Ref<Str> key = Str::Make("key");
  const uint64_t bytes = stats.live_bytes;
  Ref<HeavyObject> heavy;
  if (stage.is_broken()) {
    cache->Set(key, MakeHeavyObject(heavy_class));
  } else {
    heavy = MakeHeavyObject(heavy_class);
    cache->Set(key, heavy);
  }
  stage.Print("len(cache) = %zu: the list of a million is %s", cache->size(),
              stats.live_bytes < bytes + kItems ? "freed" : "alive");
  stage.Print("CPython 3.11: 0, where nobody else holds it, and 1");
}

// ---- smart-cache -----------------------------------------------------------

void RunSmartCache(Stage& stage) {
  const Ref<Class> config_class = Class::Make<Config>("Config");
  smart_cache = WeakValueDict::Make();
  const Ref<Str> key = Str::Make("config");
  if (stage.is_broken()) {
    smart_cache->Set(key, config_class->New<Config>());
  } else {
    current_config = config_class->New<Config>();
    smart_cache->Set(key, current_config);
  }
  stage.Print("cache.get(\"config\"): %s",
              smart_cache->Get(key) != nullptr ? "a Config" : "None");
  try {
    smart_cache->Set(key, Dict::Make());
  } catch (const runtime::TypeError& error) {
    stage.Print("cache.set(\"config\", {}):");
    stage.Print("  %s", error.Line().c_str());
  }
  stage.Print("CPython 3.11 says the same of both");
  stage.Cut("end");
  current_config = nullptr;
  smart_cache = nullptr;
}

}  // namespace

extern const Scenario kWeakReference{
    "weak-reference",
    "a reference that does not count: alive, then None",
    {29, 30, 34},
    __FILE__,
    Symptom::kNone,
    {"retained -n 3"},
    "Nothing leaks: the resource, small itself, retains a megabyte, and all of "
    "it goes with its only strong reference.",
    {},
    &RunWeakReference};

extern const Scenario kWeakCallbacks{
    "weak-callbacks",
    "callbacks on death: once, in reverse order of registration",
    {31},
    __FILE__,
    Symptom::kNone,
    {},
    "Nothing leaks: a callback runs once its object dies, unless its weak "
    "reference died before.",
    {},
    &RunWeakCallbacks};

extern const Scenario kWeakCache{
    "weak-cache",
    "get_or_create over weak values: hits, misses, and it shrinks by itself",
    {32, 33, 37},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line", "retained -n 3"},
    "demo::resource_cache holds each resource that was ever made: hold the "
    "values weakly.",
    {},
    &RunWeakCache};

// A million integers, listed by nobody: nothing is cut.
extern const Scenario kHeavyObject{
    "heavy-object",
    "put straight into a weak map, an object dies at once",
    {35},
    __FILE__,
    Symptom::kNone,
    {},
    "Nothing leaks, and nothing is cached: the article's object goes in the "
    "statement that stores it, not when its key is deleted; whoever wants it "
    "must hold it.",
    {runtime::Heap::kMalloc, runtime::FinalizerMode::kPep442,
     runtime::LiveObjects::kUnlisted},
    &RunHeavyObject};

extern const Scenario kSmartCache{
    "smart-cache",
    "a weak cache of a configuration that nobody else holds is empty",
    {36},
    __FILE__,
    Symptom::kNone,
    {},
    "Nothing leaks, and nothing is cached: hold the configuration in "
    "demo::current_config as long as it is wanted.",
    {},
    &RunSmartCache};

}  // namespace demo

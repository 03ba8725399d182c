// edge_rules.cc: one object of each type is made and asked, by Describe, which
// of its words are weak; so the rules are what the objects say of themselves.
#include "samples/runtime/edge_rules.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "samples/runtime/array.h"
#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/exact_graph.h"
#include "samples/runtime/frame.h"
#include "samples/runtime/function.h"
#include "samples/runtime/list.h"
#include "samples/runtime/lru_cache.h"
#include "samples/runtime/number.h"
#include "samples/runtime/runtime.h"
#include "samples/runtime/set.h"
#include "samples/runtime/weak_ref.h"

namespace runtime {
namespace {

constexpr char kHead[] =
    "# The demonstration runtime's words that refer without owning, and its\n"
    "# reference counts (samples/runtime/edge_rules.h).\n";

// The links of a generation's list: the two words behind Object's.
constexpr size_t kLinks[] = {sizeof(Object), sizeof(Object) + 8};

// Classes of the program's own instances, and their C++ namespace's glob.
constexpr char kProgramClasses[] = "demo::*";

// Gathers the weak words of objects' own blocks.
class WeakWords : public LayoutVisitor {
 public:
  explicit WeakWords(const Object* object) : object_(object) {}
  void Block(const void*, size_t, const void*, size_t) override {}
  void Strong(const void*, size_t, const Object*) override {}
  void Weak(const void* block, size_t offset, const void*) override {
    if (block == object_) offsets_.insert(offset);
  }
  const std::set<size_t>& offsets() const { return offsets_; }

 private:
  const void* object_;
  std::set<size_t> offsets_;
};

Ref<Object> ReturnArgument(Function&, Ref<Object> argument) { return argument; }

// One of each type that has weak words; their fields may be empty: Describe
// tells the words.
std::vector<Ref<Object>> OneOfEach() {
  const Ref<Int> value = Int::Make(1);
  const Ref<Function> function = Function::Make("f", ReturnArgument, {});
  const Ref<Class> with_dict = Class::Make("C");
  ClassSpec slotted;
  slotted.slots = std::vector<std::string>{"x"};
  const Ref<LruCache> cache = LruCache::Make(1);
  cache->Put(value, value);
  std::vector<Ref<Object>> all = {
      List::Make({value}),
      Tuple::Make({value}),
      Dict::Make(),
      Set::Make({value}),
      Cell::Make(value),
      function,
      BoundMethod::Make(function, value),
      Frame::Make("f"),
      Error::Make(ValueError("")),
      with_dict,
      with_dict->New<DictInstance>(),
      Class::Make("S", slotted)->New<SlottedInstance>(),
      WeakValueDict::Make(),
      WeakRef::Make(function),
      KeyedRef::Make(value, function, nullptr),
      Array::Make('i'),
      cache,
  };
  cache->Traverse([&](Object* dict) {
    dict->Traverse([&](Object* node) { all.push_back(node); });
  });
  return all;
}

// Rows by class name: "weak type NAME +OFFSET".
using Offsets = std::map<std::string, std::set<size_t>>;

void AddWeakWords(Object* object, Offsets* weak) {
  WeakWords words(object);
  object->Describe(&words);
  std::set<size_t>& offsets = (*weak)[ClassNameOf(*object)];
  offsets.insert(words.offsets().begin(), words.offsets().end());
  if (object->Has(kContainer))
    offsets.insert(std::begin(kLinks), std::end(kLinks));
}

std::string Row(const char* what, const std::string& type, size_t offset) {
  return std::string(what) + " type \"" + type + "\" +" +
         std::to_string(offset) + "\n";
}

}  // namespace

std::string EdgeRules() {
  const Runtime runtime;
  Offsets weak;
  {
    for (const Ref<Object>& object : OneOfEach()) AddWeakWords(object, &weak);
    // An instance of a class of the program's own has its base's layout.
    std::set<size_t>& instances = weak[kProgramClasses];
    instances = weak["runtime::SlottedInstance"];
  }
  for (const size_t offset : Collector::LinkOffsets())
    weak["runtime::Collector"].insert(offset);

  std::string rules = kHead;
  for (const auto& [type, offsets] : weak) {
    for (const size_t offset : offsets) rules += Row("weak", type, offset);
  }
  for (const char* types : {"runtime::*", kProgramClasses})
    rules += Row("count", types, 8);
  return rules;
}

}  // namespace runtime

// layout_test.cc: what objects say of themselves is what is in memory, for
// every type, in several states.
#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "samples/runtime/array.h"
#include "samples/runtime/cast.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/exact_graph.h"
#include "samples/runtime/frame.h"
#include "samples/runtime/function.h"
#include "samples/runtime/list.h"
#include "samples/runtime/lru_cache.h"
#include "samples/runtime/native_block.h"
#include "samples/runtime/number.h"
#include "samples/runtime/set.h"
#include "samples/runtime/text.h"
#include "samples/runtime/tuple.h"
#include "samples/runtime/weak_ref.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using LayoutTest = RuntimeFixture;

// Holds each word that an object describes against the memory it lies in.
class MemoryCheck : public LayoutVisitor {
 public:
  explicit MemoryCheck(const Object& object) {
    blocks_[&object] = object.BlockBytes();
  }

  void Block(const void* owner, size_t offset, const void* block,
             size_t bytes) override {
    EXPECT_EQ(WordAt(owner, offset), block);
    if (block == nullptr) return;
    EXPECT_TRUE(blocks_.emplace(block, bytes).second);
  }
  void Strong(const void* block, size_t offset, const Object* target) override {
    EXPECT_EQ(WordAt(block, offset), target);
    if (target != nullptr) strong_.insert(target);
  }
  void Weak(const void* block, size_t offset, const void* target) override {
    EXPECT_EQ(WordAt(block, offset), target);
  }

  uint64_t bytes() const {
    uint64_t sum = 0;
    for (const auto& [block, bytes] : blocks_) sum += bytes;
    return sum;
  }
  const std::multiset<const Object*>& strong() const { return strong_; }

 private:
  const void* WordAt(const void* block, size_t offset) {
    const auto row = blocks_.find(block);
    const void* word = nullptr;
    if (row == blocks_.end() || offset + sizeof word > row->second ||
        !words_.emplace(block, offset).second) {
      ADD_FAILURE() << "no such word, or told twice: +" << offset;
      return nullptr;
    }
    memcpy(&word, static_cast<const char*>(block) + offset, sizeof word);
    return word;
  }

  std::map<const void*, size_t> blocks_;
  std::set<std::pair<const void*, size_t>> words_;
  std::multiset<const Object*> strong_;
};

std::multiset<const Object*> Traversed(const Object& object) {
  std::multiset<const Object*> referents;
  object.Traverse([&](Object* referent) { referents.insert(referent); });
  return referents;
}

void ExpectTrueToMemory(const Object& object) {
  SCOPED_TRACE(object.TypeName());
  MemoryCheck check(object);
  object.Describe(&check);
  EXPECT_EQ(check.bytes(), object.ShallowBytes());
  std::multiset<const Object*> strong = check.strong();
  if (const NativeBlock* const block = Cast<NativeBlock>(&object))
    strong.erase(block->hidden());  // what collections miss
  EXPECT_EQ(strong, Traversed(object));
}

// Of each type one, in each state that makes a difference.
std::vector<Ref<Object>> OneOfEach() {
  const Ref<Object> key = Int::Make(1000);
  const Ref<List> items = List::Make();
  const Ref<Dict> dict = Dict::Make();
  const Ref<Set> large_set = Set::Make();
  const Ref<Array> array = Array::Make('i');
  const Ref<LruCache> cache = LruCache::Make(4);
  for (int i = 0; i < 100; ++i) {
    items->Append(i % 7 == 0 ? Ref<Object>() : Ref<Object>(Int::Make(i)));
    dict->Set(Int::Make(i % 50 * 10), Int::Make(i));
    large_set->Add(Int::Make(i * 100));
    array->Append(i);
    cache->Put(Int::Make(i * 2), items);
  }
  for (int i = 0; i < 20; ++i) {  // leaves removed entries behind
    items->Pop(3);
    dict->Remove(Int::Make(i * 20));
    large_set->Discard(Int::Make(i * 300));
  }
  const Ref<Function> function =
      Function::Make("f", ReturnArgument, {Cell::Make(key), Cell::Make()});
  const FrameScope outer("outer");
  const FrameScope inner("inner");
  const Ref<NativeBlock> native = NativeBlock::Make(100);
  native->Hide(items);
  std::vector<Ref<Object>> all = {
      key,
      Int::Make(int64_t{1} << 62),
      Float::Make(0.5),
      Str::Make("text"),
      Bytes::Zeroed(10),
      List::Make(),
      items,
      Tuple::Make({}),
      Tuple::Make({key, nullptr, items}),
      Dict::Make(),
      dict,
      Set::Make(),
      Set::Make({key, items}),
      large_set,
      Array::Make('d'),
      array,
      Cell::Make(key),
      Function::Make("g", ReturnArgument),
      function,
      BoundMethod::Make(function, items),
      Ref<Frame>(&inner.frame()),
      Error::Make(ValueError("bad")),
      native,
      cache,
  };
  cache->Traverse([&](Object* nodes) {
    nodes->Traverse([&](Object* node) { all.push_back(node); });
  });
  std::vector<Ref<Object>> references;
  for (const Ref<Object>& object : all) {
    if (object->WeakRefs() == nullptr) continue;
    references.push_back(WeakRef::Make(object));
    references.push_back(WeakRef::Make(object, function));
  }
  all.insert(all.end(), references.begin(), references.end());
  const Ref<WeakValueDict> weak_values = WeakValueDict::Make();
  weak_values->Set(key, function);
  all.push_back(weak_values);
  return all;
}

TEST_F(LayoutTest, EveryTypeDescribesWhatIsInMemory) {
  for (const Ref<Object>& object : OneOfEach()) ExpectTrueToMemory(*object);
}

TEST_F(LayoutTest, ClearedObjectsReferToNothing) {
  for (const Ref<Object>& object : OneOfEach()) {
    object->Clear();
    EXPECT_TRUE(Traversed(*object).empty()) << object->TypeName();
    ExpectTrueToMemory(*object);
    object->Clear();
  }
}

TEST_F(LayoutTest, BlocksOfLiveObjectsAreWhatTheAllocatorGave) {
  const std::vector<Ref<Object>> all = OneOfEach();
  uint64_t bytes = 0;
  runtime_.ForEachLiveObject([&bytes](Object* object) {
    bytes += object->ShallowBytes();
    if (const NativeBlock* const block = Cast<NativeBlock>(object))
      bytes -= block->buffer_bytes();
  });
  EXPECT_EQ(bytes, LiveBytes());
}

// A count is made of the words that hold it: what the graph's roots rest on.
TEST_F(LayoutTest, AnObjectIsARootExactlyWhileItIsHeldFromOutside) {
  Ref<List> inner = List::Make();
  const Ref<List> outer = List::Make({inner});
  const auto is_root = [this](const Object* object) {
    const std::vector<const Object*> roots = TakeExactGraph(runtime_).roots;
    return std::count(roots.begin(), roots.end(), object) == 1;
  };
  EXPECT_TRUE(is_root(inner));
  EXPECT_TRUE(is_root(outer));
  const Object* const address = inner;
  inner = nullptr;
  EXPECT_FALSE(is_root(address));
}

}  // namespace
}  // namespace runtime

// dict_test.cc
#include "samples/runtime/dict.h"

#include <map>
#include <random>
#include <vector>

#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/text.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using DictTest = RuntimeFixture;

TEST_F(DictTest, GrowsAsCPythonsDo) {
  const Ref<Dict> dict = Dict::Make();
  EXPECT_EQ(dict->ShallowBytes(), 64u);
  std::vector<std::pair<int, size_t>> sizes;  // entries, bytes
  for (int i = 0; i < 2000; ++i) {
    const size_t before = dict->ShallowBytes();
    dict->Set(Int::Make(i), Int::Make(0));
    if (dict->ShallowBytes() != before)
      sizes.emplace_back(i + 1, dict->ShallowBytes());
  }
  // sys.getsizeof of CPython 3.11, with keys that are not all strings.
  EXPECT_EQ(sizes, (std::vector<std::pair<int, size_t>>{{1, 224},
                                                        {6, 352},
                                                        {11, 632},
                                                        {22, 1168},
                                                        {43, 2264},
                                                        {86, 4688},
                                                        {171, 9304},
                                                        {342, 18512},
                                                        {683, 36952},
                                                        {1366, 73808}}));
}

TEST_F(DictTest, DoesWhatAMapDoesAndKeepsTheOrderOfComing) {
  for (const int64_t range : {7, 100, 40000}) {
    std::mt19937 random(static_cast<unsigned>(range));
    const Ref<Dict> dict = Dict::Make();
    std::map<int64_t, int64_t> values;
    std::map<int64_t, int64_t> came;  // when -> key
    std::map<int64_t, int64_t> when;  // key -> when
    for (int64_t step = 0; step < 60000; ++step) {
      const int64_t key = static_cast<int64_t>(random() % range) * 64;
      const Ref<Int> number = Int::Make(key);
      if (random() % 5 < 3) {
        dict->Set(number, Int::Make(step));
        if (when.emplace(key, step).second) came[step] = key;
        values[key] = step;
      } else {
        const Ref<Object> removed = dict->Remove(number);
        ASSERT_EQ(removed != nullptr, values.count(key) == 1);
        if (removed == nullptr) continue;
        ASSERT_EQ(ValueOf(removed), values[key]);
        came.erase(when[key]);
        when.erase(key);
        values.erase(key);
      }
      ASSERT_EQ(dict->size(), values.size());
      const int64_t asked = static_cast<int64_t>(random() % range) * 64;
      const Object* const found = dict->Get(Int::Make(asked));
      ASSERT_EQ(found != nullptr, values.count(asked) == 1);
      if (found == nullptr) continue;
      ASSERT_EQ(ValueOf(found), values[asked]);
    }
    auto next = came.begin();
    dict->ForEach([&](Object* key, Object* value) {
      ASSERT_EQ(ValueOf(key), next->second);
      ASSERT_EQ(ValueOf(value), values[next->second]);
      ++next;
    });
    EXPECT_TRUE(next == came.end());
  }
}

TEST_F(DictTest, FindsTextsWithAndWithoutAnObject) {
  const Ref<Dict> dict = Dict::Make();
  dict->Set("spam", Int::Make(1));
  dict->Set(Str::Make("egg"), Int::Make(2));
  EXPECT_EQ(ValueOf(dict->At("egg")), 2);
  EXPECT_EQ(ValueOf(dict->At(Str::Make("spam"))), 1);
  dict->Set("spam", Int::Make(3));
  EXPECT_EQ(dict->size(), 2u);
  EXPECT_EQ(ValueOf(dict->Remove("spam")), 3);
  EXPECT_EQ(dict->Get("spam"), nullptr);
}

TEST_F(DictTest, ComplainsInCPythonsWords) {
  const Ref<Dict> dict = Dict::Make();
  EXPECT_EQ(ErrorOf([&] { dict->At("it's"); }), "KeyError: \"it's\"");
  EXPECT_EQ(ErrorOf([&] { dict->Delete("x"); }), "KeyError: 'x'");
  EXPECT_EQ(ErrorOf([&] { dict->At(Int::Make(5)); }), "KeyError: 5");
  EXPECT_EQ(ErrorOf([&] { dict->Delete(Int::Make(5)); }), "KeyError: 5");
  dict->Set("a", Int::Make(1));
  EXPECT_EQ(ErrorOf([&] {
              dict->ForEach([&](Object*, Object*) { dict->Remove("a"); });
            }),
            "RuntimeError: dictionary changed size during iteration");
}

TEST_F(DictTest, ReplacingAValueWhileIteratingIsAllowed) {
  const Ref<Dict> dict = Dict::Make();
  for (int i = 0; i < 10; ++i) dict->Set(Int::Make(i), Int::Make(i));
  dict->ForEach([&](Object* key, Object*) { dict->Set(key, Int::Make(1000)); });
  EXPECT_EQ(ValueOf(dict->At(Int::Make(9))), 1000);
}

TEST_F(DictTest, HoldsKeysAndValuesUntilTheyAreRemoved) {
  const Ref<Dict> dict = Dict::Make();
  const Ref<List> value = List::Make();
  const Ref<Str> key = Str::Make("key");
  dict->Set(key, value);
  EXPECT_EQ(key->refcount(), 2u);
  EXPECT_EQ(value->refcount(), 2u);
  dict->Set(Str::Make("key"), value);  // the first key stays
  EXPECT_EQ(key->refcount(), 2u);
  dict->Delete("key");
  EXPECT_EQ(key->refcount(), 1u);
  EXPECT_EQ(value->refcount(), 1u);
}

TEST_F(DictTest, ATableFullOfRemovedEntriesIsMadeAnewAsSmallAsItMayBe) {
  const Ref<Dict> dict = Dict::Make();
  for (int i = 0; i < 1000; ++i) {
    dict->Set(Int::Make(i), Int::Make(i));
    if (i > 0) dict->Delete(Int::Make(i - 1));
  }
  EXPECT_EQ(dict->size(), 1u);
  EXPECT_EQ(dict->slots(), 8u);
  EXPECT_GT(dict->resizes(), 100u);
}

}  // namespace
}  // namespace runtime

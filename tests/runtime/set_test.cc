// set_test.cc
#include "samples/runtime/set.h"

#include <random>
#include <set>
#include <vector>

#include "samples/runtime/number.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using SetTest = RuntimeFixture;

TEST_F(SetTest, GrowsAsCPythonsDo) {
  const Ref<Set> set = Set::Make();
  EXPECT_EQ(set->ShallowBytes(), 216u);
  std::vector<std::pair<int, size_t>> sizes;  // keys, bytes
  for (int i = 0; i < 100000; ++i) {
    const size_t before = set->ShallowBytes();
    set->Add(Int::Make(i));
    if (set->ShallowBytes() != before)
      sizes.emplace_back(i + 1, set->ShallowBytes());
  }
  // sys.getsizeof of CPython 3.11.
  EXPECT_EQ(sizes, (std::vector<std::pair<int, size_t>>{{5, 728},
                                                        {19, 2264},
                                                        {77, 8408},
                                                        {307, 32984},
                                                        {1229, 131288},
                                                        {4915, 524504},
                                                        {19661, 2097368},
                                                        {78643, 4194520}}));
}

TEST_F(SetTest, DoesWhatASetDoes) {
  for (const int64_t range : {4, 9, 300, 40000}) {
    std::mt19937 random(static_cast<unsigned>(range));
    const Ref<Set> set = Set::Make();
    std::set<int64_t> model;
    for (int step = 0; step < 60000; ++step) {
      const int64_t key = static_cast<int64_t>(random() % range) * 32;
      const Ref<Int> number = Int::Make(key);
      switch (random() % 8) {
        case 0:
        case 1:
        case 2:
        case 3:
          ASSERT_EQ(set->Add(number), model.insert(key).second);
          break;
        case 4:
        case 5:
          ASSERT_EQ(set->Discard(number), model.erase(key) == 1);
          break;
        case 6:
          if (model.empty()) break;
          ASSERT_EQ(model.erase(ValueOf(set->Pop())), 1u);
          break;
        default:
          ASSERT_EQ(set->Contains(number), model.count(key) == 1);
          break;
      }
      ASSERT_EQ(set->size(), model.size());
    }
    set->ForEach(
        [&](Object* key) { EXPECT_EQ(model.erase(ValueOf(key)), 1u); });
    EXPECT_TRUE(model.empty());
  }
}

TEST_F(SetTest, ComplainsInCPythonsWords) {
  const Ref<Set> set = Set::Make();
  EXPECT_EQ(ErrorOf([&] { set->Pop(); }), "KeyError: 'pop from an empty set'");
  EXPECT_EQ(ErrorOf([&] { set->Remove(Int::Make(5)); }), "KeyError: 5");
  set->Add(Int::Make(1));
  EXPECT_EQ(
      ErrorOf([&] { set->ForEach([&](Object*) { set->Add(Int::Make(2)); }); }),
      "RuntimeError: Set changed size during iteration");
}

TEST_F(SetTest, EqualKeysAreOne) {
  const Ref<Set> set =
      Set::Make({Int::Make(1), Float::Make(1.0), Int::MakeUnshared(1)});
  EXPECT_EQ(set->size(), 1u);
  EXPECT_TRUE(set->Contains(Float::Make(1.0)));
}

}  // namespace
}  // namespace runtime

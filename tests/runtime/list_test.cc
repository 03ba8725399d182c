// list_test.cc
#include "samples/runtime/list.h"

#include <random>
#include <vector>

#include "samples/runtime/number.h"
#include "samples/runtime/repr.h"
#include "samples/runtime/tuple.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

using ListTest = RuntimeFixture;

TEST_F(ListTest, GrowsAsCPythonsDo) {
  const Ref<List> list = List::Make();
  std::vector<size_t> capacities{list->capacity()};
  for (int i = 0; i < 200; ++i) {
    list->Append(nullptr);
    if (list->capacity() != capacities.back())
      capacities.push_back(list->capacity());
    EXPECT_EQ(list->ShallowBytes(), 56 + 8 * list->capacity());
  }
  EXPECT_EQ(capacities, (std::vector<size_t>{0, 4, 8, 16, 24, 32, 40, 52, 64,
                                             76, 92, 108, 128, 148, 172, 200}));
}

TEST_F(ListTest, CountsEveryPlaceAnObjectStandsIn) {
  Ref<List> a = List::Make({Int::Make(1), Int::Make(2), Int::Make(3)});
  EXPECT_EQ(a->refcount(), 1u);
  Ref<List> b = a;
  EXPECT_EQ(a->refcount(), 2u);
  Ref<List> c = List::Make({a, a, a});
  EXPECT_EQ(a->refcount(), 5u);
  c = nullptr;
  EXPECT_EQ(a->refcount(), 2u);
  b = nullptr;
  EXPECT_EQ(a->refcount(), 1u);
}

TEST_F(ListTest, ComplainsInCPythonsWords) {
  const Ref<List> empty = List::Make();
  EXPECT_EQ(ErrorOf([&] { empty->Get(0); }),
            "IndexError: list index out of range");
  EXPECT_EQ(ErrorOf([&] { empty->Set(-1, nullptr); }),
            "IndexError: list assignment index out of range");
  EXPECT_EQ(ErrorOf([&] { empty->Pop(); }), "IndexError: pop from empty list");
  EXPECT_EQ(ErrorOf([&] { empty->RemoveAt(0); }),
            "IndexError: list assignment index out of range");
  EXPECT_EQ(ErrorOf([&] { List::Make({empty})->Pop(1); }),
            "IndexError: pop index out of range");
  EXPECT_EQ(ErrorOf([&] { empty->Remove(empty); }),
            "ValueError: list.remove(x): x not in list");
}

TEST_F(ListTest, FindsWhatIsEqualAndWhatIsNone) {
  const Ref<List> list =
      List::Make({nullptr, Int::MakeUnshared(5), Int::MakeUnshared(5)});
  EXPECT_TRUE(list->Contains(nullptr));
  EXPECT_TRUE(list->Contains(Int::Make(5)));
  EXPECT_FALSE(list->Contains(Int::Make(6)));
  list->Remove(Int::Make(5));
  EXPECT_EQ(Repr(list), "[None, 5]");
}

TEST_F(ListTest, AListThatHoldsItselfIsClearedByTheCollector) {
  const Ref<List> list = List::Make();
  list->Append(list);
  EXPECT_EQ(list->refcount(), 2u);
}

TEST_F(ListTest, DoesWhatAVectorDoes) {
  std::mt19937 random(1);
  const Ref<List> list = List::Make();
  std::vector<int64_t> model;
  for (int step = 0; step < 20000; ++step) {
    const int64_t size = static_cast<int64_t>(model.size());
    const int64_t at = static_cast<int64_t>(random() % (model.size() + 1));
    // Grows for a while, then shrinks.
    const bool is_growing = step / 1000 % 2 == 0;
    switch (random() % (is_growing ? 4 : 6)) {
      case 0:
      case 1:
        list->Append(Int::Make(step));
        model.push_back(step);
        break;
      case 2:
        list->Insert(at, Int::Make(step));
        model.insert(model.begin() + at, step);
        break;
      case 3:
        if (at == size) break;
        list->Set(at - size, Int::Make(step));
        model[static_cast<size_t>(at)] = step;
        break;
      default:
        if (at == size) break;
        EXPECT_EQ(ValueOf(list->Pop(at)), model[static_cast<size_t>(at)]);
        model.erase(model.begin() + at);
        break;
    }
    ASSERT_EQ(list->size(), model.size());
    ASSERT_LE(list->size(), list->capacity());
    if (model.empty()) continue;
    const int64_t check = static_cast<int64_t>(random() % model.size());
    ASSERT_EQ(ValueOf(list->Get(check)), model[static_cast<size_t>(check)]);
  }
}

TEST_F(ListTest, TuplesCopyAndCompareByTheirItems) {
  const Ref<List> list = List::Make({Int::Make(1), Int::Make(1000)});
  const Ref<Tuple> tuple = Tuple::FromList(*list);
  EXPECT_EQ(tuple->ShallowBytes(), 56u);
  EXPECT_EQ(tuple->Get(-1), list->Get(1));
  const Ref<Tuple> equal = Tuple::Make({Int::Make(1), Int::MakeUnshared(1000)});
  EXPECT_TRUE(tuple->Equals(*equal));
  EXPECT_EQ(tuple->Hash(), equal->Hash());
  EXPECT_FALSE(tuple->Equals(*Tuple::Make({Int::Make(1), nullptr})));
  EXPECT_FALSE(tuple->Equals(*list));
  EXPECT_EQ(ErrorOf([&] { tuple->Get(2); }),
            "IndexError: tuple index out of range");
}

TEST_F(ListTest, ALongChainOfListsDiesWithoutMuchStack) {
  Ref<List> chain = List::Make();
  for (int i = 0; i < 100000; ++i) chain = List::Make({chain});
  chain = nullptr;
}

}  // namespace
}  // namespace runtime

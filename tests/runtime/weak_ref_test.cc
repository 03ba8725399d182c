// weak_ref_test.cc: weak references, their callbacks, and the map of them.
#include "samples/runtime/weak_ref.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "samples/runtime/class.h"
#include "samples/runtime/collector.h"
#include "samples/runtime/function.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/text.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

// Appends the weak reference that it is called with to its list.
Ref<Object> Note(Function& self, Ref<Object> reference) {
  EXPECT_FALSE(static_cast<WeakRef&>(*reference).is_alive());
  static_cast<List*>(self.Captured(0).Get())->Append(reference);
  return nullptr;
}

Ref<Object> Fail(Function&, Ref<Object>) { throw ValueError("on purpose"); }

class WeakRefTest : public RuntimeFixture {
 protected:
  WeakRefTest() {
    class_ = Class::Make("Target");
    called_ = List::Make();
    const Ref<Cell> list = Cell::Make(called_);
    note_ = Function::Make("note", &Note, {list.get()});
  }
  void TearDown() override {
    called_ = nullptr;
    note_ = nullptr;
    class_ = nullptr;
    RuntimeFixture::TearDown();
  }

  Ref<Instance> MakeTarget() { return class_->New<Instance>(); }

  Ref<Class> class_;
  Ref<List> called_;
  Ref<Function> note_;
};

TEST_F(WeakRefTest, DoesNotCount) {
  const Ref<Instance> target = MakeTarget();
  const uint32_t before = target->refcount();
  const Ref<WeakRef> weak = WeakRef::Make(target);
  EXPECT_EQ(target->refcount(), before);
  EXPECT_EQ(weak->Get(), target);
  EXPECT_EQ(target->refcount(), before);
}

TEST_F(WeakRefTest, GivesNothingAfterDeath) {
  Ref<Instance> target = MakeTarget();
  const Ref<WeakRef> weak = WeakRef::Make(target);
  EXPECT_TRUE(weak->is_alive());
  target = nullptr;
  EXPECT_FALSE(weak->is_alive());
  EXPECT_EQ(weak->Get(), nullptr);
}

TEST_F(WeakRefTest, CallbacksRunNewestFirstAndOnce) {
  Ref<Instance> target = MakeTarget();
  std::vector<Ref<WeakRef>> made;
  for (int i = 0; i < 4; ++i) made.push_back(WeakRef::Make(target, note_));
  target = nullptr;
  ASSERT_EQ(called_->size(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(called_->Get(i), made[3 - i]);
  runtime_.collector().Collect();
  EXPECT_EQ(called_->size(), 4u);
}

TEST_F(WeakRefTest, AWeakReferenceThatDiesFirstCallsNothing) {
  Ref<Instance> target = MakeTarget();
  const Ref<WeakRef> first = WeakRef::Make(target, note_);
  Ref<WeakRef> second = WeakRef::Make(target, note_);
  const Ref<WeakRef> third = WeakRef::Make(target, note_);
  second = nullptr;
  target = nullptr;
  ASSERT_EQ(called_->size(), 2u);
  EXPECT_EQ(called_->Get(0), third);
  EXPECT_EQ(called_->Get(1), first);
}

TEST_F(WeakRefTest, AllAreDeadBeforeTheFirstCallback) {
  // Note() looks at its own; here the one that is called last is looked at.
  static int calls;
  calls = 0;
  Ref<Instance> target = MakeTarget();
  const Ref<WeakRef> plain = WeakRef::Make(target);
  const Ref<Cell> cell = Cell::Make(plain);
  const Ref<Function> look = Function::Make(
      "look",
      [](Function& self, Ref<Object>) -> Ref<Object> {
        ++calls;
        EXPECT_FALSE(static_cast<WeakRef*>(self.Captured(0).Get())->is_alive());
        return nullptr;
      },
      {cell.get()});
  const Ref<WeakRef> with_callback = WeakRef::Make(target, look);
  target = nullptr;
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(with_callback->is_alive());
}

TEST_F(WeakRefTest, SomeTypesHaveNone) {
  const Ref<Int> number = Int::Make(1000);
  EXPECT_EQ(ErrorOf([&] { WeakRef::Make(number); }),
            "TypeError: cannot create weak reference to 'int' object");
  ClassSpec spec;
  spec.slots = std::vector<std::string>{"x"};
  const Ref<Class> slotted = Class::Make("PointSlots", spec);
  const Ref<Instance> point = slotted->New<Instance>();
  const uint64_t before = LiveBytes();
  EXPECT_EQ(ErrorOf([&] { WeakRef::Make(point); }),
            "TypeError: cannot create weak reference to 'PointSlots' object");
  EXPECT_EQ(ErrorOf([&] { WeakRef::Make(nullptr); }),
            "TypeError: cannot create weak reference to 'NoneType' object");
  EXPECT_EQ(ErrorOf([&] { KeyedRef::Make(number, point, note_); }),
            "TypeError: cannot create weak reference to 'PointSlots' object");
  EXPECT_EQ(LiveBytes(), before);
  EXPECT_EQ(note_->refcount(), 1u);
}

TEST_F(WeakRefTest, ErrorsOfCallbacksAreToldAndIgnored) {
  Ref<Instance> target = MakeTarget();
  const Ref<WeakRef> noted = WeakRef::Make(target, note_);
  const Ref<Function> fail = Function::Make("fail", &Fail);
  const Ref<WeakRef> failing = WeakRef::Make(target, fail);
  testing::internal::CaptureStderr();
  target = nullptr;
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "Exception ignored in: <function fail>\nValueError: on purpose\n");
  EXPECT_EQ(called_->size(), 1u);
}

// A cycle of two instances, one of which is the target of weak references.
TEST_F(WeakRefTest, TheCollectorCallsBackFromOutsideOfTheGarbageOnly) {
  Ref<WeakRef> outside;
  {
    const Ref<Instance> a = MakeTarget();
    const Ref<Instance> b = MakeTarget();
    a->SetAttribute("b", b);
    b->SetAttribute("a", a);
    outside = WeakRef::Make(b, note_);
    // This one is part of the garbage.
    a->SetAttribute("weak", WeakRef::Make(b, note_));
  }
  EXPECT_TRUE(outside->is_alive());
  EXPECT_GT(runtime_.collector().Collect().collected, 0u);
  EXPECT_FALSE(outside->is_alive());
  ASSERT_EQ(called_->size(), 1u);
  EXPECT_EQ(called_->Get(0), outside);
}

TEST_F(WeakRefTest, ACallbackMayMakeAndFreeWhatItLikes) {
  Ref<WeakRef> outside;
  const Ref<Cell> cell = Cell::Make();
  const Ref<Function> busy =
      Function::Make("busy",
                     [](Function& self, Ref<Object>) -> Ref<Object> {
                       self.Captured(0).Set(nullptr);
                       for (int i = 0; i < 2000; ++i) {
                         const Ref<List> list = List::Make();
                         list->Append(list);
                       }
                       Runtime::Current().collector().Collect();
                       return nullptr;
                     },
                     {cell.get()});
  {
    const Ref<Instance> a = MakeTarget();
    a->SetAttribute("self", a);
    // Held by a live cell, so that the callback frees it: not garbage.
    const Ref<Instance> other = MakeTarget();
    other->SetAttribute("a", a);
    outside = WeakRef::Make(other, note_);
    cell->Set(other);
    // A second cycle that reaches nothing outside.
    const Ref<Instance> b = MakeTarget();
    b->SetAttribute("self", b);
    const Ref<WeakRef> watched = WeakRef::Make(b, busy);
    cell->Set(List::Make({other.get(), watched.get()}));
  }
  runtime_.collector().Collect();
  EXPECT_FALSE(outside->is_alive());
}

TEST_F(WeakRefTest, ADictOfWeakValuesShrinksByItself) {
  const Ref<WeakValueDict> cache = WeakValueDict::Make();
  const Ref<Str> alpha = Str::Make("alpha");
  const Ref<Str> beta = Str::Make("beta");
  Ref<Instance> first = MakeTarget();
  const Ref<Instance> second = MakeTarget();
  cache->Set(alpha, first);
  cache->Set(beta, second);
  EXPECT_EQ(cache->size(), 2u);
  EXPECT_EQ(cache->Get(alpha), first);
  first = nullptr;
  EXPECT_EQ(cache->size(), 1u);
  EXPECT_EQ(cache->Get(alpha), nullptr);
  EXPECT_EQ(cache->Get(beta), second);
}

TEST_F(WeakRefTest, AnOverwrittenValueDoesNotTakeTheNewOneAlong) {
  const Ref<WeakValueDict> cache = WeakValueDict::Make();
  const Ref<Str> key = Str::Make("key");
  Ref<Instance> old_value = MakeTarget();
  const Ref<Instance> new_value = MakeTarget();
  cache->Set(key, old_value);
  cache->Set(key, new_value);
  old_value = nullptr;
  EXPECT_EQ(cache->size(), 1u);
  EXPECT_EQ(cache->Get(key), new_value);
}

TEST_F(WeakRefTest, ValuesThatOutliveTheDictDoNotHoldIt) {
  const Ref<Instance> value = MakeTarget();
  const size_t before = runtime_.live_objects();
  {
    const Ref<WeakValueDict> cache = WeakValueDict::Make();
    cache->Set(Str::Make("key"), value);
    EXPECT_GT(runtime_.live_objects(), before);
  }
  // By counts alone: no cycle to collect.
  EXPECT_EQ(runtime_.live_objects(), before);
}

TEST_F(WeakRefTest, ADictThatIsGarbageWithItsValuesGoesQuietly) {
  {
    const Ref<WeakValueDict> cache = WeakValueDict::Make();
    const Ref<Instance> value = MakeTarget();
    value->SetAttribute("cache", cache);
    value->SetAttribute("self", value);
    cache->Set(Str::Make("key"), value);
  }
  EXPECT_GT(runtime_.collector().Collect().collected, 0u);
}

TEST_F(WeakRefTest, ACollectedValueLeavesTheDict) {
  const Ref<WeakValueDict> cache = WeakValueDict::Make();
  const Ref<Str> key = Str::Make("key");
  {
    const Ref<Instance> value = MakeTarget();
    value->SetAttribute("self", value);
    cache->Set(key, value);
  }
  EXPECT_EQ(cache->size(), 1u);
  runtime_.collector().Collect();
  EXPECT_EQ(cache->size(), 0u);
}

TEST_F(WeakRefTest, OnlyWhatCanBeReferredToWeaklyMayBeAValue) {
  const Ref<WeakValueDict> cache = WeakValueDict::Make();
  EXPECT_EQ(ErrorOf([&] { cache->Set(Str::Make("k"), Int::Make(1)); }),
            "TypeError: cannot create weak reference to 'int' object");
  EXPECT_EQ(cache->size(), 0u);
}

}  // namespace
}  // namespace runtime

// class_test.cc: the two layouts of instances, inheritance, finalizers.
#include "samples/runtime/class.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "samples/runtime/collector.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/number.h"
#include "samples/runtime/text.h"
#include "tests/runtime/runtime_fixture.h"

namespace runtime {
namespace {

struct Pair : SlottedInstance {
  using SlottedInstance::SlottedInstance;
  Slot first, second;
};

struct Resource : DictInstance {
  using DictInstance::DictInstance;
  int handle = 7;
};

ClassSpec Slots(std::vector<std::string> slots,
                std::vector<Class*> bases = {}) {
  ClassSpec spec;
  spec.slots = std::move(slots);
  spec.bases = std::move(bases);
  return spec;
}

ClassSpec Bases(std::vector<Class*> bases) {
  ClassSpec spec;
  spec.bases = std::move(bases);
  return spec;
}

// The words that Describe and Traverse name must be the same.
class StrongWords : public LayoutVisitor {
 public:
  explicit StrongWords(const Object* object) { object->Describe(this); }
  void Block(const void*, size_t, const void*, size_t) override {}
  void Strong(const void* block, size_t offset, const Object* to) override {
    if (to == nullptr) return;
    const char* const word = static_cast<const char*>(block) + offset;
    EXPECT_EQ(*reinterpret_cast<const Object* const*>(word), to);
    targets.push_back(to);
  }
  void Weak(const void*, size_t, const void*) override {}
  std::vector<const Object*> targets;
};

void ExpectDescribed(const Object& object) {
  std::vector<const Object*> traversed;
  object.Traverse([&](Object* to) { traversed.push_back(to); });
  EXPECT_EQ(StrongWords(&object).targets, traversed);
}

class ClassTest : public RuntimeFixture {};

TEST_F(ClassTest, AnAttributeTableIsMadeByTheFirstAttribute) {
  const Ref<Class> point = Class::Make("PointRegular");
  const Ref<DictInstance> instance = point->New<DictInstance>();
  EXPECT_EQ(instance->BlockBytes(), 56u);
  EXPECT_EQ(instance->dict(), nullptr);
  instance->SetAttribute("x", Int::Make(1));
  ASSERT_NE(instance->dict(), nullptr);
  EXPECT_EQ(instance->dict()->size(), 1u);
  ExpectDescribed(*instance);
}

TEST_F(ClassTest, AttributesComeAndGo) {
  const Ref<Class> point = Class::Make("PointRegular");
  const Ref<Instance> instance = point->New();
  const Ref<Int> value = Int::Make(42);
  instance->SetAttribute("new_attr", value);
  EXPECT_EQ(instance->GetAttribute("new_attr"), value);
  instance->DeleteAttribute("new_attr");
  EXPECT_EQ(ErrorOf([&] { instance->GetAttribute("new_attr"); }),
            "AttributeError: 'PointRegular' object has no attribute "
            "'new_attr'");
  EXPECT_EQ(ErrorOf([&] { instance->DeleteAttribute("new_attr"); }),
            "AttributeError: 'PointRegular' object has no attribute "
            "'new_attr'");
}

TEST_F(ClassTest, SlotsTakeEightBytesEachAndNoOthers) {
  const Ref<Class> point = Class::Make("PointSlots", Slots({"x", "y", "z"}));
  const Ref<SlottedInstance> instance = point->New<SlottedInstance>();
  EXPECT_EQ(instance->BlockBytes(), 64u);
  const Ref<Int> value = Int::Make(1000);
  instance->SetAttribute("z", value);
  EXPECT_EQ(*instance->slot(2), value);
  EXPECT_EQ(instance->GetAttribute("z"), value);
  EXPECT_EQ(ErrorOf([&] { instance->SetAttribute("new_attr", value); }),
            "AttributeError: 'PointSlots' object has no attribute "
            "'new_attr'");
  EXPECT_EQ(ErrorOf([&] { instance->GetAttribute("x"); }),
            "AttributeError: 'PointSlots' object has no attribute 'x'");
  ExpectDescribed(*instance);
}

TEST_F(ClassTest, MembersAreTheSlots) {
  const Ref<Class> pair =
      Class::Make<Pair>("Pair", Slots({"first", "second", "third"}));
  const Ref<Pair> instance = pair->New<Pair>();
  EXPECT_EQ(instance->BlockBytes(), sizeof(Pair) + 8);
  const Ref<Int> value = Int::Make(1000);
  instance->second = value;
  EXPECT_EQ(instance->GetAttribute("second"), value);
  instance->SetAttribute("first", value);
  EXPECT_EQ(instance->first, value);
  instance->SetAttribute("third", value);
  EXPECT_EQ(value->refcount(), 4u);
  ExpectDescribed(*instance);
}

TEST_F(ClassTest, ACppClassMustFitItsSlots) {
  EXPECT_THROW(Class::Make<Pair>("Pair", Slots({"first"})), std::logic_error);
  EXPECT_THROW(Class::Make<Pair>("Pair"), std::logic_error);
  EXPECT_THROW(Class::Make<Resource>("Resource", Slots({"name"})),
               std::logic_error);
}

TEST_F(ClassTest, ACppClassMayHaveFieldsOfItsOwn) {
  const Ref<Class> resource = Class::Make<Resource>("Resource");
  const Ref<Resource> instance = resource->New<Resource>();
  EXPECT_EQ(instance->handle, 7);
  EXPECT_EQ(instance->BlockBytes(), sizeof(Resource));
  EXPECT_STREQ(instance->TypeName(), "Resource");
}

TEST_F(ClassTest, ClassAttributesAreSharedAndShadowed) {
  const Ref<Class> base = Class::Make("Base");
  const Ref<Class> derived = Class::Make("Derived", Bases({base}));
  const Ref<Int> of_base = Int::Make(1000);
  const Ref<Int> own = Int::Make(2000);
  base->attributes().Set("limit", of_base);
  const Ref<Instance> instance = derived->New();
  EXPECT_EQ(instance->GetAttribute("limit"), of_base);
  derived->attributes().Set("limit", own);
  EXPECT_EQ(instance->GetAttribute("limit"), own);
  instance->SetAttribute("limit", of_base);
  EXPECT_EQ(instance->GetAttribute("limit"), of_base);
  EXPECT_TRUE(derived->IsSubclassOf(base));
  EXPECT_FALSE(base->IsSubclassOf(derived));
  ExpectDescribed(*derived);
}

TEST_F(ClassTest, SlotsOfBasesStandFirst) {
  const Ref<Class> base = Class::Make<Pair>("Pair", Slots({"first", "second"}));
  const Ref<Class> derived = Class::Make("Triple", Slots({"third"}, {base}));
  EXPECT_EQ(derived->slots(),
            (std::vector<std::string>{"first", "second", "third"}));
  // A Triple is a Pair in C++ too.
  const Ref<Pair> triple = derived->New<Pair>();
  const Ref<Int> value = Int::Make(1000);
  triple->SetAttribute("third", value);
  triple->first = value;
  EXPECT_EQ(triple->GetAttribute("first"), value);
  EXPECT_EQ(triple->BlockBytes(), sizeof(Pair) + 8);
}

TEST_F(ClassTest, BasesWithSlotsOfTheirOwnConflict) {
  const Ref<Class> a = Class::Make("A", Slots({"x"}));
  const Ref<Class> b = Class::Make("B", Slots({"y"}));
  const Ref<Class> empty = Class::Make("Empty", Slots({}));
  const Ref<Class> below_a = Class::Make("BelowA", Slots({"z"}, {a}));
  EXPECT_EQ(ErrorOf([&] {
              Class::Make("C", Slots({}, {a, b}));
            }),
            "TypeError: multiple bases have instance lay-out conflict");
  EXPECT_EQ(Class::Make("C", Slots({}, {empty, a}))->slots(), a->slots());
  EXPECT_EQ(Class::Make("C", Slots({}, {a, below_a}))->slots(),
            below_a->slots());
}

TEST_F(ClassTest, ADictOfABaseRemains) {
  const Ref<Class> regular = Class::Make("Regular");
  const Ref<Class> slotted = Class::Make("Slotted", Slots({"x"}));
  EXPECT_EQ(ErrorOf([&] { Class::Make("C", Slots({"y"}, {regular})); }),
            "TypeError: nonempty __slots__ not supported for subtype of "
            "'Regular'");
  const Ref<Class> both = Class::Make("Both", Bases({slotted}));
  EXPECT_FALSE(both->is_slotted());
  const Ref<Instance> instance = both->New();
  instance->SetAttribute("anything", Int::Make(1));
  instance->SetAttribute("x", Int::Make(2));
}

TEST_F(ClassTest, FinalizersAreInheritedAndRunAtDeath) {
  std::vector<std::string> log;
  ClassSpec spec;
  spec.finalizer = [&log](Instance& instance) {
    log.push_back(instance.TypeName());
  };
  const Ref<Class> base = Class::Make("Base", spec);
  const Ref<Class> derived = Class::Make("Derived", Bases({base}));
  derived->New();
  base->New();
  EXPECT_EQ(log, (std::vector<std::string>{"Derived", "Base"}));
}

TEST_F(ClassTest, ErrorsOfFinalizersAreToldAndIgnored) {
  ClassSpec spec;
  spec.finalizer = [](Instance& instance) { instance.GetAttribute("missing"); };
  const Ref<Class> failing = Class::Make("Failing", spec);
  testing::internal::CaptureStderr();
  failing->New();
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "Exception ignored in: <function Failing.__del__>\n"
            "AttributeError: 'Failing' object has no attribute 'missing'\n");
}

TEST_F(ClassTest, AClassAndItsInstancesMayBeOneCycle) {
  {
    const Ref<Class> registry = Class::Make("Registry");
    const Ref<Instance> instance = registry->New();
    registry->attributes().Set("instance", instance);
    instance->SetAttribute("name", Str::Make("first"));
  }
  EXPECT_EQ(runtime_.collector().Collect().collected, 5u);
}

TEST_F(ClassTest, AnInstanceHoldsItsClass) {
  Ref<Class> point = Class::Make("Point");
  const Ref<Instance> instance = point->New();
  point = nullptr;
  runtime_.collector().Collect();
  EXPECT_STREQ(instance->TypeName(), "Point");
}

}  // namespace
}  // namespace runtime

// slots.cc: chapter 4 of the articles, instances: what an object costs whose
// attributes are in a dict, and what one costs whose attributes are fixed
// slots.
#include <chrono>
#include <cinttypes>

#include "samples/demo/scale.h"
#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/class.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/text.h"

namespace demo {

using runtime::Class;
using runtime::Int;
using runtime::List;
using runtime::Slot;

// The article's two classes …
struct PointRegular : runtime::DictInstance {
  using DictInstance::DictInstance;
};
struct PointSlots : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  Slot x, y, z;
};
// … and another's.
struct WithoutSlots : runtime::DictInstance {
  using DictInstance::DictInstance;
};
struct WithSlots : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  Slot name, age;
};

namespace {

Ref<Class> RegularClass() { return Class::Make<PointRegular>("PointRegular"); }

Ref<Class> SlottedClass() {
  return Class::Make<PointSlots>("PointSlots", {{{"x", "y", "z"}}, {}, {}});
}

void SetPoint(PointRegular* point, Object* x, Object* y, Object* z) {
  point->SetAttribute("x", x);
  point->SetAttribute("y", y);
  point->SetAttribute("z", z);
}

void SetPoint(PointSlots* point, Object* x, Object* y, Object* z) {
  point->x = Ref(x);
  point->y = Ref(y);
  point->z = Ref(z);
}

template <typename Point>
Ref<Point> NewPoint(const Ref<Class>& of, const Ref<Object>& x,
                    const Ref<Object>& y, const Ref<Object>& z) {
  const Ref<Point> point = of->New<Point>();
  SetPoint(point.get(), x, y, z);
  return point;
}

// ---- slots -----------------------------------------------------------------

void TryNewAttribute(Stage& stage, runtime::Instance* point) {
  try {
    point->SetAttribute("new_attr", Int::Make(42));
    stage.Print(
        "%s: new_attr = %" PRId64, point->TypeName(),
        static_cast<Int*>(point->GetAttribute("new_attr").get())->value());
  } catch (const runtime::AttributeError& error) {
    stage.Print("%s", error.Line().c_str());
  }
}

void RunSlots(Stage& stage) {
  const Ref<Object> one = runtime::Float::Make(1.0);
  const Ref<Object> two = runtime::Float::Make(2.0);
  const Ref<Object> three = runtime::Float::Make(3.0);
  const auto regular = NewPoint<PointRegular>(RegularClass(), one, two, three);
  const auto slotted = NewPoint<PointSlots>(SlottedClass(), one, two, three);

  const size_t regular_size =
      regular->ShallowBytes() + regular->dict()->ShallowBytes();
  const size_t slotted_size = slotted->ShallowBytes();
  const double percent = 100.0 *
                         static_cast<double>(regular_size - slotted_size) /
                         static_cast<double>(regular_size);
  stage.Print("\nRegular class size: %zu bytes      CPython 3.11: 352",
              regular_size);
  stage.Print("Slotted class size: %zu bytes       CPython 3.11: 56",
              slotted_size);
  stage.Print("Savings : %zu bytes (%.0f%%)          CPython 3.11: 296 (84%%)",
              regular_size - slotted_size, percent);

  stage.Keeps("PointRegular", regular);
  stage.Keeps("PointSlots", slotted);
  stage.Cut("one of each");

  TryNewAttribute(stage, regular);
  TryNewAttribute(stage, slotted);
}

// ---- slots-at-scale --------------------------------------------------------

// [Point(i, i+1, i+2) for i in range(count)]
template <typename Point>
__attribute__((noinline)) Ref<List> Points(const Ref<Class>& of, int count) {
  const Ref<List> points = List::Make();
  for (int i = 0; i < count; ++i) {
    points->Append(
        NewPoint<Point>(of, Int::Make(i), Int::Make(i + 1), Int::Make(i + 2)));
  }
  return points;
}

constexpr int kArticleInstances = 100'000;

void CompareHundredThousand(Stage& stage) {
  const Ref<Class> regular = RegularClass();
  const Ref<Class> slotted = SlottedClass();
  // One has been made before: it keeps the three names alive that all share.
  const Ref<List> first = Points<PointRegular>(regular, 1);
  stage.Cut("before");
  const Counting counting;
  const Ref<List> regular_list =
      Points<PointRegular>(regular, kArticleInstances);
  const Counts of_regular = counting.Now();
  const Counting counting_again;
  const Ref<List> slotted_list = Points<PointSlots>(slotted, kArticleInstances);
  const Counts of_slotted = counting_again.Now();
  stage.Print("\n100K regular instances: %.1f MB     CPython 3.11: 19.1 MB",
              Megabytes(of_regular.by_runtime));
  stage.Print("100K slotted instances: %.1f MB     CPython 3.11: 15.2 MB",
              Megabytes(of_slotted.by_runtime));
  KeepCounts(stage, "regular", kArticleInstances, of_regular);
  KeepCounts(stage, "slotted", kArticleInstances, of_slotted);
  stage.Cut("100 000 of each");
}

void RunSlotsAtScale(Stage& stage) {
  CompareHundredThousand(stage);
  const Ref<Object> name = runtime::Str::Make("Ada");
  const Ref<Object> age = Int::Make(36);
  // All have one name and one age, so that instances alone are counted.
  const Ref<Class> without = Class::Make<WithoutSlots>("WithoutSlots");
  const Ref<Class> with =
      Class::Make<WithSlots>("WithSlots", {{{"name", "age"}}, {}, {}});
  const auto without_slots = [&](size_t instances) -> Ref<Object> {
    const Ref<List> people = List::WithCapacity(instances);
    for (size_t i = 0; i < instances; ++i) {
      const auto person = without->New<WithoutSlots>();
      person->SetAttribute("name", name);
      person->SetAttribute("age", age);
      people->Append(person);
    }
    return people;
  };
  const auto with_slots = [&](size_t instances) -> Ref<Object> {
    const Ref<List> people = List::WithCapacity(instances);
    for (size_t i = 0; i < instances; ++i) {
      const auto person = with->New<WithSlots>();
      person->name = name;
      person->age = age;
      people->Append(person);
    }
    return people;
  };
  const Ref<Object> first = without_slots(1);
  MeasureAtScale(stage, "WithoutSlots", without_slots,
                 "   CPython 3.11: 88 and 8 of the list");
  MeasureAtScale(stage, "WithSlots", with_slots,
                 "   CPython 3.11: 48 and 8 of the list");
}

// ---- slot-conflict ---------------------------------------------------------

void RunSlotConflict(Stage& stage) {
  const Ref<Class> named = Class::Make("Named", {{{"name"}}, {}, {}});
  const Ref<Class> aged = Class::Make("Aged", {{{"age"}}, {}, {}});
  const Ref<Class> mixin =
      Class::Make("Mixin", {std::vector<std::string>(), {}, {}});
  try {
    Class::Make("Person", {{{"mail"}}, {named, aged}, {}});
    stage.Print("class Person(Named, Aged): made");
  } catch (const runtime::TypeError& error) {
    stage.Print("class Person(Named, Aged): %s", error.Line().c_str());
  }
  // What helps: only one of the bases has slots of its own.
  const Ref<Class> person =
      Class::Make("Person", {{{"mail"}}, {named, mixin}, {}});
  std::string slots;
  for (const std::string& slot : person->slots())
    slots += (slots.empty() ? "" : ", ") + slot;
  stage.Print("class Person(Named, Mixin): slots %s, %zu bytes", slots.c_str(),
              person->instance_bytes());
  stage.Print("CPython 3.11: the same error, the same slots, 48 bytes");
}

// ---- attribute-access ------------------------------------------------------

constexpr int kReads = 200'000;
constexpr int kRuns = 5;

// Nanoseconds a read: the least of some runs.
template <typename Read>
double TimeReads(Read read) {
  using Clock = std::chrono::steady_clock;
  double least = 1e9;
  for (int run = 0; run < kRuns; ++run) {
    const Clock::time_point start = Clock::now();
    for (int i = 0; i < kReads; ++i) {
      const Object* value = read();
      asm volatile("" : : "r"(value) : "memory");
    }
    const std::chrono::duration<double, std::nano> spent = Clock::now() - start;
    if (spent.count() / kReads < least) least = spent.count() / kReads;
  }
  return least;
}

void RunAttributeAccess(Stage& stage) {
  const Ref<Object> value = Int::Make(7);
  const auto regular =
      NewPoint<PointRegular>(RegularClass(), value, value, value);
  const auto slotted =
      NewPoint<PointSlots>(SlottedClass(), value, value, value);
  const double in_dict =
      TimeReads([&] { return regular->GetAttribute("y").get(); });
  const double in_slot =
      TimeReads([&] { return slotted->GetAttribute("y").get(); });
  const double direct = TimeReads([&] { return slotted->y.get(); });
  stage.Print("reading an attribute       ns");
  stage.Print("by name, from a dict   %6.1f", in_dict);
  stage.Print("by name, from a slot   %6.1f   %.1f times as fast", in_slot,
              in_dict / in_slot);
  stage.Print("by offset, from a slot %6.1f   %.0f times as fast", direct,
              in_dict / direct);
  stage.Print(
      "CPython 3.11 caches both kinds at the reading instruction: "
      "1.0 times");
}

}  // namespace

extern const Scenario kSlots{
    "slots",
    "one instance with a dict of attributes, and one with slots",
    {40, 41, 43, 99},
    __FILE__,
    Symptom::kNone,
    {"retained -n 5", "top --by type"},
    "Slots save what the dict and its table take, and refuse attributes that "
    "the class has not named.",
    {},
    RunSlots};

extern const Scenario kSlotsAtScale{
    "slots-at-scale",
    "100 000 and a million instances, by two counts",
    {42, 45},
    __FILE__,
    Symptom::kNone,
    {"diff --by line -n 4"},
    "The lines that make the regular instances take more than those that make "
    "the slotted ones; both counts agree to the byte.",
    {{}, {}, runtime::LiveObjects::kUnlisted},
    RunSlotsAtScale};

extern const Scenario kSlotConflict{
    "slot-conflict",
    "two bases with slots of their own",
    {44},
    __FILE__,
    Symptom::kNone,
    {},
    "An instance has one layout, so of several bases one only may add slots.",
    {},
    RunSlotConflict};

extern const Scenario kAttributeAccess{
    "attribute-access",
    "how fast attributes are read from a dict and from slots",
    {46},
    __FILE__,
    Symptom::kNone,
    {},
    "A slot stands at an offset that the class knows; a dict must be searched.",
    {},
    RunAttributeAccess};

}  // namespace demo

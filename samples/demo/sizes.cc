// sizes.cc: chapter 4 of the articles, values: what objects of each type take,
// which of three sizes is meant, how containers grow, and what saves most:
// numbers side by side.
#include "samples/runtime/sizes.h"

#include <malloc.h>

#include <chrono>
#include <cinttypes>
#include <map>
#include <string>

#include "samples/demo/scale.h"
#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/array.h"
#include "samples/runtime/dict.h"
#include "samples/runtime/exact_graph.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/set.h"
#include "samples/runtime/text.h"

namespace demo {

using runtime::Array;
using runtime::Dict;
using runtime::Float;
using runtime::Int;
using runtime::List;
using runtime::Set;
using runtime::Str;

namespace {

// ---- size-table ------------------------------------------------------------

void RunSizeTable(Stage& stage) {
  stage.Print("\nObject sizes (sys.getsizeof):");
  stage.Print(" %-20s %12s %14s", "Type", "Size (bytes)", "CPython 3.11");
  stage.Print(" %-20s %12s %14s", "--------------------", "------------",
              "------------");
  for (const runtime::SizeRow& row : runtime::SizeTable()) {
    stage.Print(" %-20s %12" PRIu64 " %14" PRIu64, row.label, row.bytes,
                row.cpython_bytes);
  }
  // The article's common mistake: the size of a list is not that of its items.
  const Ref<List> lines = List::Make();
  for (int i = 0; i < 10; ++i) lines->Append(Str::Repeat(" ", 1000 + i));
  stage.Print(
      "a list of ten texts of 1000 characters: getsizeof %zu, all in "
      "all %" PRIu64,
      lines->ShallowBytes(), runtime::DeepBytes(lines));
  stage.Keeps("list of texts", lines);
  stage.Cut("a list of texts");
}

// ---- deep-size -------------------------------------------------------------

constexpr int kGroups = 3;
constexpr int kMembers = 4;

// {"group0": [{"id": 1000, "score": 0.0}, …], …}
__attribute__((noinline)) Ref<Dict> NestedData() {
  const Ref<Dict> data = Dict::Make();
  for (int group = 0; group < kGroups; ++group) {
    const Ref<List> members = List::Make();
    for (int member = 0; member < kMembers; ++member) {
      const Ref<Dict> row = Dict::Make();
      row->Set("id", Int::Make(1000 + 10 * group + member));
      row->Set("score", Float::Make(0.5 * (10 * group + member)));
      members->Append(row);
    }
    data->Set("group" + std::to_string(group), members);
  }
  return data;
}

void PrintThreeSizes(Stage& stage, const char* what, const Dict* data) {
  const runtime::BlockSizes sizes =
      runtime::SizesInGraph(runtime::TakeExactGraph(stage.runtime()), data);
  stage.Print("%-28s shallow %5zu   deep %5" PRIu64 "   retained %5" PRIu64,
              what, data->ShallowBytes(), runtime::DeepBytes(data),
              sizes.retained_bytes);
}

void RunDeepSize(Stage& stage) {
  const Ref<Dict> data = NestedData();
  PrintThreeSizes(stage, "dict of lists of dicts", data);
  stage.Print("CPython 3.11                 shallow   184   deep  3280");

  // Held by another, too: reachable from data as before, but not its own.
  const Ref<List> favourites = List::Make({data->At("group1")});
  PrintThreeSizes(stage, "one list held elsewhere, too", data);
  stage.Keeps("data, one list shared", data);

  // Twice in one structure, and a cycle: each object counts once.
  data->Set("again", data->At("group0"));
  data->Set("self", data);
  PrintThreeSizes(stage, "a list twice, and a cycle", data);
  stage.Keeps("favourites", favourites);
  stage.Cut("nested data");
  data->Delete("self");
}

// ---- table-growth ----------------------------------------------------------

constexpr int kGrowTo = 100;

// "0: 56, 1: 88, …": at which number of items the size changes, and to what.
template <typename Container, typename Add>
std::string Steps(const Container& container, Add add) {
  std::string steps;
  size_t last = 0;
  for (int i = 0; i < kGrowTo; ++i) {
    const size_t bytes = container->ShallowBytes();
    if (bytes != last) {
      steps += (steps.empty() ? "" : ", ") + std::to_string(i) + ": " +
               std::to_string(bytes);
    }
    last = bytes;
    add(i);
  }
  return steps;
}

void PrintSteps(Stage& stage, const char* type, const std::string& ours,
                const char* cpython) {
  stage.Print("%-12s %s", type, ours.c_str());
  stage.Print("CPython 3.11 %s", ours == cpython ? "the same" : cpython);
}

// How much of a list's room lies idle while it grows, on average.
void PrintIdleShare(Stage& stage) {
  const Ref<List> list = List::Make();
  size_t room = 0, used = 0;
  for (int i = 0; i < 10'000; ++i) {
    list->Append(nullptr);
    room += list->capacity();
    used += list->size();
  }
  stage.Print(
      "a list that grows to 10000 items has on average %.1f %% of its "
      "room idle",
      100.0 * static_cast<double>(room - used) / static_cast<double>(room));
}

// Tables of all sizes, to be seen in a snapshot.
Ref<List> DictsOfAllSizes(Stage& stage) {
  const Ref<List> dicts = List::Make();
  std::map<size_t, int> dicts_of_slots;
  for (int items = 0; items < 30; ++items) {
    const Ref<Dict> dict = Dict::Make();
    for (int i = 0; i < items; ++i) dict->Set(Int::Make(i), Int::Make(i));
    ++dicts_of_slots[dict->slots()];
    dicts->Append(dict);
  }
  for (const auto& [slots, number] : dicts_of_slots)
    stage.Print("dicts with a table of %2zu slots: %2d", slots, number);
  return dicts;
}

void RunTableGrowth(Stage& stage) {
  stage.Print("bytes, and at how many items they change");
  const Ref<Dict> dict = Dict::Make();
  PrintSteps(stage, "dict",
             Steps(dict, [&](int i) { dict->Set(Int::Make(i), Int::Make(i)); }),
             "0: 64, 1: 224, 6: 352, 11: 632, 22: 1168, 43: 2264, 86: 4688");
  const Ref<List> list = List::Make();
  PrintSteps(stage, "list",
             Steps(list, [&](int i) { list->Append(Int::Make(i)); }),
             "0: 56, 1: 88, 5: 120, 9: 184, 17: 248, 25: 312, 33: 376, "
             "41: 472, 53: 568, 65: 664, 77: 792, 93: 920");
  const Ref<Set> set = Set::Make();
  PrintSteps(stage, "set", Steps(set, [&](int i) { set->Add(Int::Make(i)); }),
             "0: 216, 5: 728, 19: 2264, 77: 8408");
  const Ref<Array> array = Array::Make('i');
  PrintSteps(stage, "array('i')",
             Steps(array, [&](int i) { array->Append(i); }),
             "0: 80, 1: 96, 5: 112, 9: 144, 17: 180, 26: 216, 35: 256, "
             "45: 296, 55: 340, 66: 388, 78: 436, 90: 488");
  PrintIdleShare(stage);
  const Ref<List> dicts = DictsOfAllSizes(stage);
  stage.Keeps("dict of 100 items", dict);
  stage.Cut("containers of many sizes");
}

// ---- array-or-list ---------------------------------------------------------

__attribute__((noinline)) Ref<Object> ListOfInts(size_t count) {
  const Ref<List> list = List::WithCapacity(count);
  for (size_t i = 0; i < count; ++i)
    list->Append(Int::Make(static_cast<int64_t>(i)));
  return list;
}

__attribute__((noinline)) Ref<Object> ArrayOfInts(size_t count) {
  const Ref<Array> array = Array::Make('i');
  for (size_t i = 0; i < count; ++i) array->Append(static_cast<int64_t>(i));
  return array;
}

template <typename Sum>
double TimedNanoseconds(Sum sum) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const int64_t total = sum();
  asm volatile("" : : "r"(total));
  const std::chrono::duration<double, std::nano> spent = Clock::now() - start;
  return spent.count();
}

void PrintBlocksAndScan(Stage& stage) {
  constexpr size_t kCount = 100'000;
  const runtime::AllocatorStats& stats = stage.runtime().allocator().stats();
  const uint64_t none = stats.live_blocks;
  const Ref<Object> list = ListOfInts(kCount);
  const uint64_t of_list = stats.live_blocks - none;
  const Ref<Object> array = ArrayOfInts(kCount);
  const uint64_t of_array = stats.live_blocks - none - of_list;
  stage.Print("100000 ints in a list: %" PRIu64
              " blocks; in an array: %" PRIu64,
              of_list, of_array);
  const auto* const ints = static_cast<const List*>(list.get());
  const auto* const numbers = static_cast<const Array*>(array.get());
  const auto count = static_cast<int64_t>(kCount);
  const double list_time = TimedNanoseconds([&] {
    int64_t sum = 0;
    for (int64_t i = 0; i < count; ++i)
      sum += static_cast<const Int*>(ints->Get(i))->value();
    return sum;
  });
  const double array_time = TimedNanoseconds([&] {
    const int* const data = static_cast<const int*>(
        runtime::Array::View(const_cast<Array*>(numbers)).data());
    int64_t sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += data[i];
    return sum;
  });
  stage.Print("adding them up: the list takes %.1f times as long",
              list_time / array_time);
}

void RunArrayOrList(Stage& stage) {
  MeasureAtScale(
      stage, "list of ints", [](size_t count) { return ListOfInts(count); },
      "   CPython 3.11: 36.0");
  MeasureAtScale(
      stage, "array('i')", [](size_t count) { return ArrayOfInts(count); },
      "   CPython 3.11: 4.1");
  PrintBlocksAndScan(stage);
  const Ref<Object> list = ListOfInts(10'000);
  const Ref<Object> array = ArrayOfInts(10'000);
  stage.Cut("10 000 ints in a list and in an array");
}

// ---- large-blocks ----------------------------------------------------------

struct Mapped {
  size_t blocks;
  size_t bytes;
};

// What malloc has given a mapping of its own.
Mapped MappedNow() {
  const struct mallinfo2 info = mallinfo2();
  return {info.hblks, info.hblkhd};
}

void RunLargeBlocks(Stage& stage) {
  const Mapped before = MappedNow();
  const auto print = [&](const char* what) {
    const Mapped now = MappedNow();
    stage.Print("%-28s mappings of their own: %zu, %zu KiB", what,
                now.blocks - before.blocks, (now.bytes - before.bytes) / 1024);
  };
  Ref<List> small = List::Make();
  for (int i = 0; i < 64; ++i) small->Append(Str::Repeat(" ", 64 * 1024 - 64));
  print("64 texts of 64 KiB");
  Ref<List> large = List::Make();
  for (int i = 0; i < 4; ++i) large->Append(Str::Repeat(" ", 1024 * 1024 - 64));
  print("and 4 of 1 MiB");
  stage.Keeps("large texts", large);
  stage.Cut("small and large texts");
  large = nullptr;
  print("the large ones freed");
}

}  // namespace

extern const Scenario kSizeTable{
    "size-table",
    "sys.getsizeof of 16 objects, and what it leaves out",
    {48, 49, 98},
    __FILE__,
    Symptom::kNone,
    {"retained -n 5"},
    "getsizeof says what an object itself takes; what a list holds comes on "
    "top.",
    {},
    RunSizeTable};

extern const Scenario kDeepSize{
    "deep-size",
    "shallow, deep and retained: three sizes of one object",
    {50, 51, 52, 53},
    __FILE__,
    Symptom::kNone,
    {"retained -n 5"},
    "What only this object keeps alive is retained; what others hold, too, is "
    "deep and not retained.",
    {},
    RunDeepSize};

extern const Scenario kTableGrowth{
    "table-growth",
    "how dicts, lists, sets and arrays grow",
    {47, 59},
    __FILE__,
    Symptom::kNone,
    {"top --by type"},
    "Containers take room ahead: a few items can double what one takes.",
    {},
    RunTableGrowth};

extern const Scenario kArrayOrList{
    "array-or-list",
    "a million ints in a list and in an array",
    {58},
    __FILE__,
    Symptom::kNone,
    {"top --by type"},
    "A list of ints is a pointer and an object each; an array is four bytes "
    "each, side by side.",
    {{}, {}, runtime::LiveObjects::kUnlisted},
    RunArrayOrList};

extern const Scenario kLargeBlocks{
    "large-blocks",
    "blocks that malloc gives a mapping of their own",
    {60},
    __FILE__,
    Symptom::kNone,
    {"account", "top -n 3"},
    "Large blocks do not share pages: freed, they go back to the system at "
    "once.",
    {},
    RunLargeBlocks};

}  // namespace demo

// sharing.cc: chapter 4 of the articles, sharing: one object for all that are
// equal to it, and one page for many blocks.
#include <cinttypes>
#include <iterator>
#include <string>
#include <vector>

#include "samples/demo/scale.h"
#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/interning.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/pool_allocator.h"
#include "samples/runtime/text.h"
#include "samples/runtime/tracing.h"

namespace demo {

using runtime::Int;
using runtime::Interning;
using runtime::InternLife;
using runtime::List;
using runtime::PoolAllocator;
using runtime::PoolReports;
using runtime::Str;

namespace {

// ---- interning -------------------------------------------------------------

void PrintIdentity(Stage& stage, int64_t value) {
  const Ref<Int> a = Int::Make(value);
  const Ref<Int> b = Int::Make(value);
  stage.Print("a = %" PRId64 "; b = %" PRId64 "; a is b: %s", value, value,
              a.get() == b.get() ? "True" : "False");
}

// A list of so many texts, one of a few each: what a parser makes of a column.
__attribute__((noinline)) Ref<List> Column(Interning* interning, size_t count) {
  const Ref<List> column = List::WithCapacity(count);
  for (size_t i = 0; i < count; ++i) {
    const Ref<Str> text = Str::Make("status-" + std::to_string(i % 10));
    column->Append(interning != nullptr ? interning->Intern(text) : text);
  }
  return column;
}

void RunInterning(Stage& stage) {
  for (const int64_t value : {-6, -5, 0, 256, 257}) PrintIdentity(stage, value);
  stage.Print(
      "CPython 3.11: the same, typed line by line; within one compiled "
      "file equal constants are one object");
  Interning& interning = stage.runtime().interning();
  const Ref<Str> first = interning.Intern(Str::Make("hello world"));
  const Ref<Str> second = interning.Intern(Str::Make("hello world"));
  stage.Print("intern(a) is intern(b): %s",
              first.get() == second.get() ? "True" : "False");

  const runtime::InternStats before = interning.stats();
  const Ref<List> column = Column(&interning, 1000);
  const runtime::InternStats& after = interning.stats();
  stage.Print("1000 texts, 10 different: %" PRIu64 " hits, %" PRIu64
              " misses, %" PRIu64 " bytes saved",
              after.hits - before.hits, after.misses - before.misses,
              after.bytes_saved - before.bytes_saved);
  stage.Keeps("column of interned texts", column);
  stage.Cut("a column of interned texts");
}

void RunInterningAtScale(Stage& stage) {
  Interning& interning = stage.runtime().interning();
  const Ref<List> users = Column(&interning, 10);  // keep the ten alive
  MeasureAtScale(stage, "texts of their own", [](size_t count) {
    return Ref<Object>(Column(nullptr, count));
  });
  MeasureAtScale(stage, "interned texts", [&](size_t count) {
    return Ref<Object>(Column(&interning, count));
  });
}

// ---- intern-growth ---------------------------------------------------------

// What a request names comes from outside: there is no end of it.
__attribute__((noinline)) void HandleRequest(Stage& stage, Interning& interning,
                                             int number) {
  const std::string name = "session-" + std::to_string(number);
  const InternLife life =
      stage.is_broken() ? InternLife::kForever : InternLife::kMortal;
  if (number == 0) stage.NextLineGrows();
  interning.Intern(name, life);
}

void RunInternGrowth(Stage& stage) {
  Interning& interning = stage.runtime().interning();
  const size_t at_start = interning.size();
  stage.Cut("before");
  for (int i = 0; i < 2000; ++i) HandleRequest(stage, interning, i);
  stage.Print("2000 requests: %zu interned texts more",
              interning.size() - at_start);
  stage.Cut("after 2000 requests");
}

// ---- pools -----------------------------------------------------------------

struct Block {
  void* start = nullptr;
  size_t bytes = 0;
};

// Fills `blocks` with blocks of the sizes that small objects have.
void TakeBlocks(PoolAllocator* pools, std::vector<Block>* blocks) {
  constexpr size_t kSizes[] = {24, 40, 56, 64, 104};
  for (size_t i = 0; i < blocks->size(); ++i) {
    const size_t bytes = kSizes[i % std::size(kSizes)];
    (*blocks)[i] = {pools->Allocate(bytes), bytes};
  }
}

void GiveBack(PoolAllocator* pools, const std::vector<Block>& blocks) {
  for (const Block& block : blocks) pools->Free(block.start, block.bytes);
}

void PrintOccupancy(Stage& stage, const PoolAllocator& pools) {
  stage.Print("%11s %6s %6s %6s %6s", "block bytes", "pools", "used", "free",
              "full");
  for (const runtime::PoolOccupancy& row : pools.Occupancy()) {
    const uint64_t all = row.used_blocks + row.free_blocks;
    stage.Print("%11zu %6" PRIu64 " %6" PRIu64 " %6" PRIu64 " %5.0f%%",
                row.block_bytes, row.pools, row.used_blocks, row.free_blocks,
                100.0 * static_cast<double>(row.used_blocks) /
                    static_cast<double>(all));
  }
}

// Every second block given back: the pools stay, half empty.
void ShowOccupancy(Stage& stage) {
  PoolAllocator pools(PoolReports::kReported);
  std::vector<Block> blocks(10'000);
  TakeBlocks(&pools, &blocks);
  stage.Print("10000 blocks in %" PRIu64 " arenas of %zu KiB",
              pools.arena_count(), runtime::kArenaBytes / 1024);
  PrintOccupancy(stage, pools);
  std::vector<Block> kept, given_back;
  for (size_t i = 0; i < blocks.size(); ++i)
    (i / 5 % 2 == 0 ? kept : given_back).push_back(blocks[i]);
  GiveBack(&pools, given_back);
  stage.Print("every second one given back: %" PRIu64 " arenas",
              pools.arena_count());
  PrintOccupancy(stage, pools);
  stage.Cut("pools half full");
  GiveBack(&pools, kept);
  stage.Print("all given back: %" PRIu64 " arenas", pools.arena_count());
}

// Bytes of the blocks that pools have told of, by a snapshot; 0: no file.
uint64_t TracedInPools(const std::string& file) {
  if (file.empty()) return 0;
  return runtime::tracing::Snapshot(file).LiveBytes("heapline_pool_alloc");
}

void RunPools(Stage& stage) {
  ShowOccupancy(stage);
  for (const size_t count : kScales) {
    PoolAllocator pools(PoolReports::kReported);
    std::vector<Block> blocks(count);
    const uint64_t traced = TracedInPools(stage.Cut("before"));
    TakeBlocks(&pools, &blocks);
    const std::string cut = stage.Cut(std::to_string(count) + " blocks");
    PrintPerInstance(stage, "blocks in pools", count,
                     {pools.stats().live_bytes, TracedInPools(cut) - traced});
    GiveBack(&pools, blocks);
  }
}

}  // namespace

extern const Scenario kInterning{
    "interning",
    "small integers and interned texts: one object for all that are equal",
    {54, 55},
    __FILE__,
    Symptom::kNone,
    {"leaks", "retained -n 5"},
    "Shared objects live as long as the runtime: they belong to nobody, and no "
    "report calls them leaked.",
    {},
    RunInterning};

extern const Scenario kInterningAtScale{
    "interning-at-scale",
    "a million texts, their own and interned",
    {55},
    __FILE__,
    Symptom::kNone,
    {},
    "Where few texts are many times the same, interning leaves a pointer each.",
    {{}, {}, runtime::LiveObjects::kUnlisted},
    RunInterningAtScale};

extern const Scenario kInternGrowth{
    "intern-growth",
    "interning texts that come from outside",
    {55},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line -n 3", "retained -n 3"},
    "The table of interned texts holds every name that ever came in; intern "
    "them mortally, or not at all.",
    {},
    RunInternGrowth};

extern const Scenario kPools{
    "pools",
    "small blocks of similar size in pools, pools in arenas",
    {56, 57},
    __FILE__,
    Symptom::kNone,
    {"account", "top -n 3"},
    "The tracer is told of each block, so it counts blocks and not the arenas "
    "they lie in: nothing is counted twice.",
    {{}, {}, runtime::LiveObjects::kUnlisted},
    RunPools};

}  // namespace demo

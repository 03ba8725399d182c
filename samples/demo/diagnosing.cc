// diagnosing.cc: chapter 5 of the articles: finding the line that leaks. What
// tracemalloc and objgraph print, done by the tracer and by the runtime.
#include <cstdio>
#include <string>
#include <vector>

#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/class.h"
#include "samples/runtime/growth.h"
#include "samples/runtime/list.h"
#include "samples/runtime/number.h"
#include "samples/runtime/text.h"
#include "samples/runtime/tracing.h"

namespace demo {

using runtime::Class;
using runtime::Int;
using runtime::List;
using runtime::Slot;
using runtime::Str;
namespace tracing = runtime::tracing;

// What the scenarios forget to empty.
Ref<List> leaked_data;
Ref<List> call_list;
Ref<List> overdue;
Ref<List> listeners;

struct Request : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  Slot number, body;
};

struct Listener : runtime::SlottedInstance {
  using SlottedInstance::SlottedInstance;
  Slot subject;
};

namespace {

constexpr char kNotTraced[] =
    "(nothing is traced: `heapline demo` runs it under the tracer)";

// ---- tracemalloc -----------------------------------------------------------

// "Execute code to analyze…"
__attribute__((noinline)) Ref<List> LoadTable() {
  const Ref<List> table = List::Make();
  for (int i = 0; i < 1000; ++i) {
    table->Append(List::Make({Int::Make(1000 + i), Str::Repeat("x", 100)}));
  }
  return table;
}

void RunTracemalloc(Stage& stage) {
  tracing::Start();
  stage.Cut("start");
  const Ref<List> table = LoadTable();
  const std::string snapshot = stage.Cut("table loaded");
  if (snapshot.empty()) {
    stage.Print(kNotTraced);
    return;
  }
  for (const std::string& stat :
       tracing::Snapshot(snapshot).Statistics("line", 10)) {
    stage.Print("%s", stat.c_str());
  }
  tracing::Stop();
  stage.Print("is_tracing: %s", tracing::IsTracing() ? "True" : "False");
}

// ---- leak-detection --------------------------------------------------------

__attribute__((noinline)) void SimulateLeak(Stage& stage) {
  for (int i = 0; i < 1000; ++i) {
    stage.NextLineGrows();
    leaked_data->Append(Str::Repeat(" ", 10'000));  // 10KB strings
    if (!stage.is_broken()) leaked_data->Pop();
  }
}

void RunLeakDetection(Stage& stage) {
  // With its room, so that the texts alone are counted.
  leaked_data = List::WithCapacity(1000);
  tracing::Start();
  tracing::ResetPeak();
  const std::string snapshot1 = stage.Cut("snapshot1");
  SimulateLeak(stage);
  const std::string snapshot2 = stage.Cut("snapshot2");
  if (snapshot2.empty()) {
    stage.Print(kNotTraced);
  } else {
    const std::vector<std::string> stats =
        tracing::Snapshot(snapshot2).CompareTo(tracing::Snapshot(snapshot1),
                                               "line", 5);
    stage.Print("\nTop 5 memory increases:");
    for (const std::string& stat : stats) stage.Print(" %s", stat.c_str());
    const tracing::TracedMemory memory = tracing::GetTracedMemory();
    stage.Print("\nCurrent: %.2f MB", Megabytes(memory.current_bytes));
    stage.Print("Peak : %.2f MB", Megabytes(memory.peak_bytes));
  }
  leaked_data = nullptr;
}

// ---- module-list -----------------------------------------------------------

__attribute__((noinline)) void HandleCall(Stage& stage, int number) {
  stage.NextLineGrows();
  call_list->Append(Str::Make("call " + std::to_string(number)));
  if (!stage.is_broken() && call_list->size() > 10) call_list->RemoveAt(0);
}

void RunModuleList(Stage& stage) {
  call_list = List::Make();
  // The bounded list is full before the first cut.
  for (int i = 0; i < 10; ++i) HandleCall(stage, i);
  stage.Cut("before 1000 calls");
  for (int i = 0; i < 1000; ++i) HandleCall(stage, 1000 + i);
  stage.Print("after 1000 calls the module's list has %zu items",
              call_list->size());
  stage.Cut("after 1000 calls");
  call_list = nullptr;
}

// ---- peak-reset ------------------------------------------------------------

__attribute__((noinline)) void UseForAMoment(size_t bytes) {
  const Ref<Str> text = Str::Repeat("x", bytes);
}

void PrintPeak(Stage& stage, const char* phase) {
  const uint64_t by_runtime = stage.runtime().allocator().stats().peak_bytes;
  const tracing::TracedMemory traced = tracing::GetTracedMemory();
  char by_tracer[64] = "";
  if (tracing::IsTracing()) {
    snprintf(by_tracer, sizeof by_tracer, "   traced: %.1f MB",
             Megabytes(traced.peak_bytes));
  }
  stage.Print("%s: peak %.1f MB%s", phase, Megabytes(by_runtime), by_tracer);
}

void RunPeakReset(Stage& stage) {
  tracing::Start();
  UseForAMoment(8 << 20);
  PrintPeak(stage, "phase 1");
  UseForAMoment(2 << 20);
  PrintPeak(stage, "phase 2, without a reset");
  stage.runtime().allocator().ResetPeak();
  tracing::ResetPeak();
  UseForAMoment(2 << 20);
  PrintPeak(stage, "phase 2, after reset_peak");
  stage.Cut("after the phases");
}

// ---- survivors -------------------------------------------------------------

constexpr int kRounds = 4;
constexpr int kRequestsARound = 100;

__attribute__((noinline)) void ServeRound(Stage& stage, Class* request_class) {
  for (int i = 0; i < kRequestsARound; ++i) {
    const auto request = request_class->New<Request>();
    request->number = Int::Make(i);
    stage.NextLineGrows();
    request->body = Str::Repeat("x", 1000);
    // One in ten takes longer than its caller waits.
    if (i % 10 == 0) overdue->Append(request);
  }
  if (!stage.is_broken()) {
    while (overdue->size() > 0) overdue->Pop();
  }
}

void RunSurvivors(Stage& stage) {
  overdue = List::Make();
  const Ref<Class> request_class =
      Class::Make<Request>("Request", {{{"number", "body"}}, {}, {}});
  std::vector<size_t> alive_after;
  for (int round = 0; round < kRounds; ++round) {
    stage.Cut("round " + std::to_string(round));
    ServeRound(stage, request_class);
    alive_after.push_back(overdue->size());
  }
  stage.Cut("round " + std::to_string(kRounds));
  stage.Print("requests by the number of snapshots that they are alive in:");
  for (int round = kRounds - 1; round >= 0; --round) {
    const size_t before = round == 0 ? 0 : alive_after[round - 1];
    stage.Print("  in %d: %zu", kRounds - round, alive_after[round] - before);
  }
  overdue = nullptr;
}

// ---- growth-by-type --------------------------------------------------------

// Lines, the last of which ends in a line feed.
void PrintText(Stage& stage, const std::string& text) {
  if (!text.empty())
    stage.Print("%.*s", static_cast<int>(text.size() - 1), text.c_str());
}

__attribute__((noinline)) void Subscribe(Stage& stage, Class* listener_class,
                                         int count) {
  for (int i = 0; i < count; ++i) {
    stage.NextLineGrows();
    const auto listener = listener_class->New<Listener>();
    listener->subject = Ref<Object>(listeners);
    listeners->Append(listener);
    if (!stage.is_broken()) listeners->Pop();
  }
}

void RunGrowthByType(Stage& stage) {
  listeners = List::Make();
  const Ref<Class> listener_class =
      Class::Make<Listener>("Listener", {{{"subject"}}, {}, {}});
  runtime::GrowthByType growth;
  growth.Look();
  stage.Cut("before");
  for (int look = 1; look <= 2; ++look) {
    Subscribe(stage, listener_class, 50);
    stage.Print("show_growth(), call %d:", look);
    PrintText(stage, runtime::ShowGrowth(growth.Look()));
  }
  if (listeners->size() > 0) {
    const Object* const last = listeners->Get(-1);
    stage.Print("who holds the last one?");
    PrintText(stage, runtime::Backrefs(last, 1));
    const auto chain =
        runtime::FindBackrefChain(last, &runtime::IsHeldFromOutside);
    stage.Print("find_backref_chain(), from a variable: %s",
                runtime::ChainText(chain).c_str());
  }
  stage.Cut("after 100 subscriptions");
  while (listeners->size() > 0) listeners->Pop();
  listeners = nullptr;
}

}  // namespace

extern const Scenario kTracemalloc{
    "tracemalloc",
    "start, take_snapshot, statistics('lineno'), stop",
    {61, 62, 65},
    __FILE__,
    Symptom::kNone,
    {"top --by line -n 10", "info"},
    "tracemalloc's functions, done by heapline: the same lines, of a whole "
    "process.",
    {},
    RunTracemalloc};

extern const Scenario kLeakDetection{
    "leak-detection",
    "two snapshots compared: a thousand texts of 10 KB in a list",
    {63, 64, 66, 68, 70},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line -n 5", "retained -n 3"},
    "The list leaked_data keeps every text that was ever put there; let go of "
    "what is done with.",
    {},
    RunLeakDetection};

extern const Scenario kModuleList{
    "module-list",
    "a module's list that grows with each call",
    {69},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line -n 3", "graph --depth 3 -n 5"},
    "The module's list takes an item each call and gives none back; limit its "
    "length.",
    {},
    RunModuleList};

extern const Scenario kPeakReset{
    "peak-reset",
    "the peak of each phase",
    {66, 67},
    __FILE__,
    Symptom::kNone,
    {"info"},
    "A peak is the highest since the last reset: reset it between phases that "
    "are to be compared.",
    {},
    RunPeakReset};

extern const Scenario kSurvivors{
    "survivors",
    "which requests are still alive several snapshots later?",
    {71},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by line -n 3", "retained -n 3"},
    "Overdue requests are put on a list that nobody empties; empty it once a "
    "round.",
    {},
    RunSurvivors};

extern const Scenario kGrowthByType{
    "growth-by-type",
    "objgraph's show_growth and back references",
    {72},
    __FILE__,
    Symptom::kGrowth,
    {"diff --by type -n 3", "graph --depth 3 -n 5"},
    "Listeners are subscribed and never unsubscribed; take each off the list "
    "when it is done.",
    {},
    RunGrowthByType};

}  // namespace demo

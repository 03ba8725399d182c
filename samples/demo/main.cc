// main.cc: heapline-demo, the program that `heapline demo` runs under the
// tracer. It runs without one, too: then it only prints.
//
//   heapline-demo NAME [--variant broken|fixed] [--heap malloc|pools] [--out D]
//   heapline-demo --scenarios | --checklist | --edge-rules | --tune
//
// Exit status: 0, or 2: usage, an error that a scenario did not handle, or
// something that could not be written.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "samples/demo/checklist.h"
#include "samples/demo/scenario.h"
#include "samples/demo/stage.h"
#include "samples/runtime/edge_rules.h"
#include "samples/runtime/errors.h"
#include "samples/runtime/experiment.h"
#include "samples/runtime/json.h"

namespace demo {

using runtime::JsonText;

namespace {

constexpr char kUsage[] =
    "usage: heapline-demo NAME [--variant broken|fixed] "
    "[--heap malloc|pools] [--out DIR]\n"
    "       heapline-demo --scenarios | --checklist | --edge-rules | --tune\n";

const char* SymptomName(Symptom symptom) {
  switch (symptom) {
    case Symptom::kNone:
      return "none";
    case Symptom::kGrowth:
      return "growth";
    case Symptom::kCycle:
      return "cycle";
    case Symptom::kDirectLeak:
      return "direct-leak";
    case Symptom::kChurn:
      return "churn";
    case Symptom::kPeak:
      return "peak";
  }
  return "";
}

int ListScenarios() {
  const char* before = "[\n ";
  for (const Scenario& scenario : Scenarios()) {
    std::string rows, reports;
    for (const int row : scenario.rows)
      rows += (rows.empty() ? "" : ", ") + std::to_string(row);
    for (const char* report : scenario.reports)
      reports += (reports.empty() ? "" : ", ") + JsonText(report);
    printf("%s{\"name\": %s, \"title\": %s, \"rows\": [%s], \"file\": %s, "
           "\"symptom\": \"%s\", \"reports\": [%s], \"says\": %s}",
           before, JsonText(scenario.name).c_str(),
           JsonText(scenario.title).c_str(), rows.c_str(),
           JsonText(scenario.file).c_str(), SymptomName(scenario.symptom),
           reports.c_str(), JsonText(scenario.says).c_str());
    before = ",\n ";
  }
  puts("\n]");
  return 0;
}

int ListChecklist() {
  const char* before = "[\n ";
  for (const ChecklistRow& row : Checklist()) {
    printf("%s{\"row\": %d, \"scenario\": %s, \"kind\": \"%s\", \"where\": %s}",
           before, row.number, JsonText(row.scenario).c_str(), row.kind,
           JsonText(row.where).c_str());
    before = ",\n ";
  }
  puts("\n]");
  return 0;
}

int Tune() {
  const char* before = "[\n ";
  const runtime::Runtime runtime;
  for (const runtime::ThresholdRow& trial :
       runtime::TryThresholds(runtime::ThresholdPlan())) {
    printf("%s{\"threshold\": %" PRIu64 ", \"collections\": %" PRIu64
           ", \"max_pause_ns\": %" PRIu64 ", \"median_pause_ns\": %" PRIu64
           ", \"total_ns\": %" PRIu64 ", \"peak_bytes\": %" PRIu64 "}",
           before, trial.threshold, trial.collections, trial.max_pause_ns,
           trial.median_pause_ns, trial.total_ns, trial.peak_bytes);
    before = ",\n ";
  }
  puts("\n]");
  return 0;
}

const Scenario* FindScenario(const std::string& name) {
  for (const Scenario& scenario : Scenarios()) {
    if (name == scenario.name) return &scenario;
  }
  return nullptr;
}

struct Arguments {
  const Scenario* scenario = nullptr;
  Variant variant = Variant::kBroken;
  runtime::Heap heap = runtime::Heap::kMalloc;
  std::string directory;
};

bool ParseHeap(const std::string& name, runtime::Heap* heap) {
  for (const runtime::Heap one :
       {runtime::Heap::kMalloc, runtime::Heap::kPools}) {
    if (name != HeapName(one)) continue;
    *heap = one;
    return true;
  }
  return false;
}

// False, with a line on stderr, where they are wrong.
bool ParseArguments(int count, char** texts, Arguments* arguments) {
  arguments->scenario = FindScenario(texts[1]);
  if (arguments->scenario == nullptr) {
    fprintf(stderr, "heapline-demo: no scenario %s: --scenarios lists them\n",
            texts[1]);
    return false;
  }
  for (int i = 2; i < count; i += 2) {
    const std::string option = texts[i];
    const std::string value = i + 1 < count ? texts[i + 1] : "";
    if (option == "--variant" && (value == "broken" || value == "fixed")) {
      arguments->variant =
          value == "broken" ? Variant::kBroken : Variant::kFixed;
    } else if (option == "--heap" && ParseHeap(value, &arguments->heap)) {
      continue;
    } else if (option == "--out" && !value.empty()) {
      arguments->directory = value;
    } else {
      fprintf(stderr, "heapline-demo: %s %s: not understood\n%s",
              option.c_str(), value.c_str(), kUsage);
      return false;
    }
  }
  return true;
}

// Not a block of the heap, which would keep what the block held before: words
// that look like references.
char output_buffer[4096];

int RunScenario(const Arguments& arguments) {
  Stage stage(*arguments.scenario, arguments.variant, arguments.heap,
              arguments.directory);
  try {
    arguments.scenario->run(stage);
  } catch (const runtime::Exception& error) {
    fprintf(stderr, "heapline-demo: %s: %s\n", arguments.scenario->name,
            error.Line().c_str());
    // While the runtime stands: variables of the scenario may hold objects.
    exit(2);
  }
  return 0;
}

int Run(int count, char** texts) {
  const std::string first = count > 1 ? texts[1] : "";
  if (first == "--scenarios") return ListScenarios();
  if (first == "--checklist") return ListChecklist();
  if (first == "--edge-rules")
    return fputs(runtime::EdgeRules().c_str(), stdout) < 0 ? 2 : 0;
  if (first == "--tune") return Tune();
  if (first == "--help") return fputs(kUsage, stdout) < 0 ? 2 : 0;
  if (first.empty() || first[0] == '-') {
    fputs(kUsage, stderr);
    return 2;
  }
  Arguments arguments;
  if (!ParseArguments(count, texts, &arguments)) return 2;
  return RunScenario(arguments);
}

int Main(int count, char** texts) {
  setvbuf(stdout, output_buffer, _IOFBF, sizeof output_buffer);
  const int status = Run(count, texts);
  if (fflush(stdout) == 0 && ferror(stdout) == 0) return status;
  fputs("heapline-demo: standard output could not be written\n", stderr);
  return 2;
}

}  // namespace
}  // namespace demo

int main(int count, char** texts) { return demo::Main(count, texts); }

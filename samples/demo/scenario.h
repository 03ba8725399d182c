// scenario.h: a scenario shows one thing of the articles (checklist rows), on a
// fresh runtime, as an ordinary program: it prints what the article prints, and
// cuts snapshots where something is to be seen. Patterns have two variants,
// broken and fixed, of the same code.
//
// The demonstration program (main.cc) knows nothing of the analyzer: it tells
// `heapline demo` what to expect in files beside the snapshots, see stage.h.
#ifndef SAMPLES_DEMO_SCENARIO_H_
#define SAMPLES_DEMO_SCENARIO_H_

#include <string>
#include <vector>

#include "samples/runtime/runtime.h"

namespace demo {

class Stage;

enum class Variant { kBroken, kFixed };

// What the broken variant does and the fixed one does not, found by the tool
// between the first and the last cut.
enum class Symptom {
  kNone,          // nothing to find: a demonstration
  kGrowth,        // the line that Stage::NextLineGrows named grows
  kCycle,         // unreachable cycles in the last snapshot
  kDirectLeak,    // direct leaks in the last snapshot
  kChurn,         // blocks of the named line that came and went
  kPeak,          // a peak far above what lives
};

struct Scenario {
  const char* name;             // "unbounded-cache"
  const char* title;            // one line
  std::vector<int> rows;        // of the checklist: 1 to 108
  const char* file;             // where it stands: __FILE__, from the root
  Symptom symptom;
  // Reports that matter, as command lines without files: "diff --by line",
  // "retained -n 5"; run on the last snapshot, diff on first and last.
  std::vector<const char*> reports;
  // What leaks, who holds it, what fixes it: one plain sentence.
  const char* says;
  runtime::RuntimeOptions options;  // heap is the command line's
  void (*run)(Stage& stage);
};

// All of them, in the articles' order.
const std::vector<Scenario>& Scenarios();

}  // namespace demo

#endif  // SAMPLES_DEMO_SCENARIO_H_

// demo_findings.h: what the analyzer finds of one run of a scenario, beside the
// truth: the symptom's size, what the exact graph holds, and how well the
// traced snapshots' graphs agree with the exact ones.
//
// Invariant: a symptom is judged by the numbers that reports print: growth,
// cycles, direct leaks, temporary blocks, peak. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_COMMAND_DEMO_FINDINGS_H_
#define HEAPLINE_ANALYZER_COMMAND_DEMO_FINDINGS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/analysis/call_stacks.h"
#include "analyzer/command/demo_program.h"
#include "analyzer/report/graph_score.h"
#include "analyzer/report/report_request.h"
#include "analyzer/symbolize/symbolizer.h"

namespace heapline {

enum class DemoSymptom { kNone, kGrowth, kCycle, kDirectLeak, kChurn, kPeak };

struct DemoSymptomRow {
  DemoSymptom symptom;
  const char* name;  // as the demonstration program calls it
  const char* what;  // what is measured: "in unreachable cycles"
  bool is_bytes;     // else a number of blocks
  // Of the broken variant's amount, how much the fixed one may show.
  int tolerated_percent;
};
// nullptr where no symptom is called so.
const DemoSymptomRow* FindDemoSymptom(const std::string& name);

// What the exact graph of the last cut holds.
struct DemoTruth {
  uint64_t objects = 0;  // blocks that have a type
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  uint64_t roots = 0;  // objects held from outside
  uint64_t weak_references = 0;
  uint64_t cycles = 0;  // unreachable
  uint64_t cycle_members = 0;
  uint64_t lost_blocks = 0;  // direct leaks
  uint64_t lost_bytes = 0;
};

struct KeptSizes {
  KeptObject told;
  ObjectSizes exact;   // by the analyzer, of the exact snapshot
  ObjectSizes traced;  // and of the traced one
};

struct DemoFindings {
  int64_t symptom_amount = 0;
  DemoTruth truth;
  GraphScore score;  // of all cuts
  std::vector<KeptSizes> kept;
};

class DemoAnalyzer {
 public:
  // What is asked of every graph and heap: the runtime's rules, its frames.
  explicit DemoAnalyzer(const ReportRequest& request);

  absl::StatusOr<DemoFindings> TryAnalyze(const DemoRun& run,
                                          DemoSymptom symptom);

 private:
  ReportRequest request_;
  std::unique_ptr<Symbolizer> symbolizer_;
  CallStacks stacks_;
};

// Whether the broken variant shows the symptom and the fixed one does not.
bool IsCured(const DemoSymptomRow& symptom, int64_t broken, int64_t fixed);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_DEMO_FINDINGS_H_

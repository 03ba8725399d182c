// demo_program.h: the demonstration program as a tool sees it: a program of its
// own, started under the tracer like any other, that says what it can show and
// leaves the truth beside the snapshots (samples/demo/stage.h):
//
//   DIR/heapline-demo.PID.N.hl  traced      DIR/exact.K.txt  exact, of the same
//   DIR/truth.json                          instant as the Kth traced one
//
// What it prints and writes is foreign text: checked when read, made safe when
// shown. Value types; one program at a time.
#ifndef HEAPLINE_ANALYZER_COMMAND_DEMO_PROGRAM_H_
#define HEAPLINE_ANALYZER_COMMAND_DEMO_PROGRAM_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/report/graph_score.h"

namespace heapline {

struct DemoScenario {
  std::string name;
  std::string title;
  std::vector<int64_t> rows;         // of the checklist
  std::string symptom;               // of its broken variant: demo_findings.h
  std::vector<std::string> reports;  // "diff --by line", without files
  std::string says;                  // what leaks, who holds it, what fixes it
};

struct DemoChecklistRow {
  int64_t row = 0;
  std::string scenario;
  std::string kind;  // scenario, test or docs
  std::string where;
};

// A run of the collector's experiment.
struct DemoTrial {
  int64_t threshold = 0;
  int64_t collections = 0;
  int64_t max_pause_ns = 0;
  int64_t median_pause_ns = 0;
  int64_t total_ns = 0;
  int64_t peak_bytes = 0;
};

// An object whose sizes the runtime reckoned itself.
struct KeptObject {
  size_t cut = 0;
  std::string name;
  uint64_t address = 0;
  ObjectSizes sizes;
};

struct DemoCut {
  std::string traced;  // paths
  std::string exact;
};

enum class DemoVariant { kBroken, kFixed };
enum class DemoHeap { kMalloc, kPools };
const char* DemoVariantName(DemoVariant variant);
const char* DemoHeapName(DemoHeap heap);

// What one run left.
struct DemoRun {
  DemoVariant variant = DemoVariant::kBroken;
  std::string output;  // what it printed
  std::vector<DemoCut> cuts;
  std::vector<std::string> grows;  // "samples/demo/cache.cc:41"
  std::vector<KeptObject> kept;
  std::vector<std::pair<std::string, int64_t>> numbers;
};

// The signal that ended the program and was meant for us, too; 0 where that is
// not why it failed. Nothing else is to be begun then.
int EndingSignal(const absl::Status& status);

// What its functions return may have an EndingSignal.
class DemoProgram {
 public:
  static absl::StatusOr<DemoProgram> TryFind();

  absl::StatusOr<std::vector<DemoScenario>> TryListScenarios() const;
  absl::StatusOr<std::vector<DemoChecklistRow>> TryListChecklist() const;
  absl::StatusOr<std::string> TryTellEdgeRules() const;
  absl::StatusOr<std::vector<DemoTrial>> TryTune() const;
  // Runs it traced. `directory` exists, is absolute and holds nothing.
  absl::StatusOr<DemoRun> TryRun(const std::string& scenario,
                                 DemoVariant variant, DemoHeap heap,
                                 const std::string& directory) const;

 private:
  DemoProgram(std::string path, std::string shim)
      : path_(std::move(path)), shim_(std::move(shim)) {}
  absl::StatusOr<std::string> TryAsk(const std::string& option) const;

  std::string path_;
  std::string shim_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_DEMO_PROGRAM_H_

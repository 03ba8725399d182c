// stage.h: what a scenario is given: its variant, its runtime, a place to
// print, and the cut. Each cut makes two files of one instant: the traced
// snapshot, by heapline_snapshot(), and beside it the exact graph.
//
//   DIR/heapline-demo.PID.N.hl   traced, by the tracer's own naming
//   DIR/exact.K.txt              exact, K from 0, with the same label
//   DIR/truth.json               written at the end:
//     {"scenario", "variant", "heap", "cuts": [{"label", "exact"}],
//      "grows": ["FILE:LINE"],
//      "kept": [{"cut", "name", "address", "shallow_bytes", "deep_bytes",
//                "retained_bytes", "retained_count"}],
//      "numbers": {NAME: integer}}
//   DIR/events.jsonl             where objects were watched (event_log.h)
//
// Without a tracer only the exact graphs are written; without a directory
// nothing is. Where the runtime does not list its live objects, for scale, the
// exact graph is empty: it judges nothing.
#ifndef SAMPLES_DEMO_STAGE_H_
#define SAMPLES_DEMO_STAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "samples/demo/scenario.h"
#include "samples/runtime/object.h"
#include "samples/runtime/runtime.h"

namespace demo {

using runtime::Object;
using runtime::Ref;
using runtime::Site;

// "malloc" or "pools", as the option --heap has it. REQUIRES: one of the two.
const char* HeapName(runtime::Heap heap);

constexpr uint64_t kMegabyte = 1024 * 1024;
constexpr double Megabytes(uint64_t bytes) {
  return static_cast<double>(bytes) / kMegabyte;
}

class Stage {
 public:
  // Tells runtime/tracing.h where snapshots and their command are.
  Stage(const Scenario& scenario, Variant variant, runtime::Heap heap,
        std::string directory);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  bool is_broken() const { return variant_ == Variant::kBroken; }
  runtime::Runtime& runtime() { return runtime_; }
  const Scenario& scenario() const { return scenario_; }
  runtime::Heap heap() const { return heap_; }
  const std::string& directory() const { return directory_; }  // "": none

  // A line on standard output.
  void Print(const char* format, ...) __attribute__((format(printf, 2, 3)));

  // Wipes the dead part of the stack, so that no stale word holds what a
  // scenario has let go, and cuts. Gives the traced snapshot's file; "" where
  // there is none.
  std::string Cut(const std::string& label);

  // The statement on the line after this call is where memory grows. May be
  // said any number of times.
  void NextLineGrows(Site site = Site::Here());
  // Sizes of this object, to be compared with the analyzer's at the next cut.
  // REQUIRES: the runtime lists its live objects.
  void Keeps(const std::string& name, const Object* object);
  // A figure that the runtime counted itself.
  void Number(const std::string& name, uint64_t value);

  // A block that does not come from the runtime's heap: a C extension's. It is
  // in the exact graph, with the references that are told; it may be lost.
  void* ForeignBlock(size_t bytes);
  // The word at `offset` of the foreign block refers to what it points at.
  void ForeignReference(void* block, size_t offset);
  void FreeForeign(void* block);

 private:
  // The exact graph of now, and the sizes that wait for it.
  void WriteTruth(const std::string& label);
  std::string CutTraced(const std::string& label) const;

  const Scenario& scenario_;
  Variant variant_;
  runtime::Heap heap_;
  std::string directory_;
  runtime::Runtime runtime_;
  std::vector<std::string> labels_;
  std::vector<std::string> grows_;
  std::vector<std::string> kept_json_;
  std::vector<std::string> numbers_json_;
  struct Waiting {
    std::string name;
    const Object* object;
  };
  std::vector<Waiting> waiting_;
};

}  // namespace demo

#endif  // SAMPLES_DEMO_STAGE_H_

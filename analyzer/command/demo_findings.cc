// Invariant: snapshots are read once and dropped, so memory is that of one cut.
#include "analyzer/command/demo_findings.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/analysis/growth.h"
#include "analyzer/base/status.h"
#include "analyzer/report/graph_side.h"
#include "analyzer/report/heap_side.h"
#include "analyzer/snapshot/snapshot_reader.h"

namespace heapline {
namespace {

constexpr DemoSymptomRow kDemoSymptoms[] = {
    {DemoSymptom::kNone, "none", "", true, 0},
    {DemoSymptom::kGrowth, "growth", "more on the line", true, 10},
    {DemoSymptom::kCycle, "cycle", "in unreachable cycles", true, 0},
    {DemoSymptom::kDirectLeak, "direct-leak", "directly leaked", true, 0},
    {DemoSymptom::kChurn, "churn", "temporary blocks of the line", false, 10},
    {DemoSymptom::kPeak, "peak", "of the peak above what lives", true, 10},
};

// The traced heap of one cut.
struct TracedCut {
  HeapSide heap;
  std::unique_ptr<GraphSide> graph;
};

absl::StatusOr<TracedCut> TryReadTraced(const std::string& path,
                                        const ReportRequest& request,
                                        Symbolizer* symbolizer,
                                        CallStacks* stacks) {
  absl::StatusOr<Snapshot> snapshot = TryReadSnapshot(path);
  if (!snapshot.ok()) return snapshot.status();
  TracedCut cut;
  std::vector<StackId> stack_of_node =
      AddRead(*snapshot, request, stacks, &cut.heap);
  absl::StatusOr<std::unique_ptr<GraphSide>> graph =
      GraphSide::TryMake(*std::move(snapshot), request, symbolizer, stacks,
                         std::move(stack_of_node));
  if (!graph.ok()) return graph.status();
  cut.graph = *std::move(graph);
  return cut;
}

absl::StatusOr<std::unique_ptr<GraphSide>> TryReadExact(const std::string& path,
                                                        Symbolizer* symbolizer,
                                                        CallStacks* stacks) {
  absl::StatusOr<Snapshot> snapshot = TryReadSnapshot(path);
  if (!snapshot.ok()) return snapshot.status();
  if (!IsExact(*snapshot)) {
    return Problem(absl::StatusCode::kInvalidArgument,
                   absl::StrCat("reading ", path), "it is no exact snapshot",
                   "build heapline and its samples from one source");
  }
  std::vector<StackId> stack_of_node(snapshot->nodes.size(), kEmptyStack);
  return GraphSide::TryMake(*std::move(snapshot), ReportRequest(), symbolizer,
                            stacks, std::move(stack_of_node));
}

DemoTruth TruthOf(GraphSide* exact) {
  const ObjectGraph& graph = exact->graph();
  DemoTruth truth;
  truth.blocks = graph.size();
  truth.roots = graph.roots().size();
  truth.weak_references = graph.weak_edges().size();
  for (Vertex v = 0; v < graph.size(); ++v) {
    if (!exact->TypeOf(v).empty()) ++truth.objects;
    truth.bytes += graph.Bytes(v);
    if (exact->leaks().kind[v] != kDirectLeak) continue;
    ++truth.lost_blocks;
    truth.lost_bytes += graph.Bytes(v);
  }
  for (const Cycle& cycle : exact->cycles()) {
    if (cycle.is_reachable) continue;
    ++truth.cycles;
    truth.cycle_members += cycle.members.size();
  }
  return truth;
}

uint64_t GarbageCycleBytes(GraphSide* traced) {
  uint64_t bytes = 0;
  for (const Cycle& cycle : traced->cycles()) {
    if (IsGarbage(cycle)) bytes += cycle.bytes;
  }
  return bytes;
}

uint64_t DirectlyLeakedBytes(const GraphSide& traced) {
  uint64_t bytes = 0;
  for (const Leak& leak : traced.leaks().leaks) bytes += leak.bytes;
  return bytes;
}

// The folder and the name: how much of a path a build may leave in debug
// information is its own affair.
absl::string_view LastTwoParts(absl::string_view path) {
  const size_t name = path.rfind('/');
  if (name == absl::string_view::npos || name == 0) return path;
  const size_t folder = path.rfind('/', name - 1);
  return folder == absl::string_view::npos ? path : path.substr(folder + 1);
}

// What grew on the lines that the program named.
Amounts GrowthOnLines(const DemoRun& run, const HeapByStack& older,
                      const HeapByStack& newer, CallStacks* stacks) {
  Amounts growth;
  const HeapRows rows = GrowthByKey(older, newer, stacks, HeapRowOptions());
  for (const HeapRow& row : rows.rows) {
    const std::string line = row.key.Full();
    for (const std::string& named : run.grows) {
      if (LastTwoParts(line) == LastTwoParts(named)) growth += row.growth;
    }
  }
  return growth;
}

// What lives as the peak counts it: pools' containers, not their blocks.
int64_t HeapBlockBytes(const Snapshot& snapshot) {
  int64_t bytes = 0;
  for (const uint64_t block : snapshot.blocks.requested_bytes) {
    bytes += static_cast<int64_t>(block);
  }
  return bytes;
}

// `first` is the heap of the first cut, empty where there is but one.
int64_t AmountOf(DemoSymptom symptom, const DemoRun& run,
                 const HeapByStack& first, const TracedCut& last,
                 CallStacks* stacks) {
  switch (symptom) {
    case DemoSymptom::kNone:
      break;
    case DemoSymptom::kGrowth:
      return GrowthOnLines(run, first, last.heap.heap, stacks).live_bytes;
    case DemoSymptom::kCycle:
      return static_cast<int64_t>(GarbageCycleBytes(last.graph.get()));
    case DemoSymptom::kDirectLeak:
      return static_cast<int64_t>(DirectlyLeakedBytes(*last.graph));
    case DemoSymptom::kChurn:
      return GrowthOnLines(run, first, last.heap.heap, stacks).temporary_count;
    case DemoSymptom::kPeak:
      return last.heap.peak_bytes - HeapBlockBytes(last.graph->snapshot());
  }
  return 0;
}

}  // namespace

const DemoSymptomRow* FindDemoSymptom(const std::string& name) {
  for (const DemoSymptomRow& row : kDemoSymptoms) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

bool IsCured(const DemoSymptomRow& symptom, int64_t broken, int64_t fixed) {
  return symptom.symptom == DemoSymptom::kNone ||
         (broken > 0 && fixed <= broken * symptom.tolerated_percent / 100);
}

DemoAnalyzer::DemoAnalyzer(const ReportRequest& request)
    : request_(request),
      symbolizer_(Symbolizer::Create(request.symbols)),
      stacks_(symbolizer_.get(), request.wrappers) {}

absl::StatusOr<DemoFindings> DemoAnalyzer::TryAnalyze(const DemoRun& run,
                                                      DemoSymptom symptom) {
  DemoFindings findings;
  HeapByStack first;
  for (size_t i = 0; i < run.cuts.size(); ++i) {
    const absl::StatusOr<TracedCut> traced = TryReadTraced(
        run.cuts[i].traced, request_, symbolizer_.get(), &stacks_);
    if (!traced.ok()) return traced.status();
    const absl::StatusOr<std::unique_ptr<GraphSide>> exact =
        TryReadExact(run.cuts[i].exact, symbolizer_.get(), &stacks_);
    if (!exact.ok()) return exact.status();
    findings.score += ScoreOf(exact->get(), traced->graph.get());
    for (const KeptObject& kept : run.kept) {
      if (kept.cut != i) continue;
      findings.kept.push_back({kept, SizesOf(exact->get(), kept.address),
                               SizesOf(traced->graph.get(), kept.address)});
    }
    const bool is_last = i + 1 == run.cuts.size();
    if (i == 0 && !is_last) first = traced->heap.heap;
    if (!is_last) continue;
    findings.truth = TruthOf(exact->get());
    findings.symptom_amount = AmountOf(symptom, run, first, *traced, &stacks_);
  }
  return findings;
}

}  // namespace heapline

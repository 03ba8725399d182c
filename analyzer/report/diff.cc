// `heapline diff`: what grew from an older heap to a newer one.
#include <future>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/analysis/growth.h"
#include "analyzer/base/progress.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/report/heap_side.h"
#include "analyzer/report/heap_table.h"
#include "analyzer/report/kept_by.h"
#include "analyzer/report/report_files.h"
#include "analyzer/report/reports.h"
#include "analyzer/snapshot/snapshot_reader.h"

namespace heapline {
namespace {

std::string Programs(const HeapSide& side) {
  std::set<std::string> programs;
  for (const SnapshotName& name : side.snapshots) programs.insert(name.program);
  return absl::StrJoin(programs, ", ");
}

std::string HowTraced(const HeapSide& side) {
  if (side.heap.sample_mean_bytes == 0) return "every allocation";
  return absl::StrCat("samples with a mean of ",
                      HumanBytes(side.heap.sample_mean_bytes));
}

absl::Status CheckComparable(const HeapSide& older, const HeapSide& newer) {
  const bool older_is_sampled = older.heap.sample_mean_bytes > 0;
  const bool newer_is_sampled = newer.heap.sample_mean_bytes > 0;
  if (older_is_sampled == newer_is_sampled) return absl::OkStatus();
  return Problem(absl::StatusCode::kFailedPrecondition,
                 "comparing two snapshots",
                 absl::StrCat("the older holds ", HowTraced(older),
                              ", the newer ", HowTraced(newer)),
                 "compare snapshots that were traced with the same sample=");
}

// The two sides of a comparison; of two single snapshots of which the newer has
// a graph, also what tells who keeps the growth.
struct Sides {
  HeapSide older, newer;
  KnownBlocks known;                 // of the older
  std::unique_ptr<GraphSide> graph;  // of the newer, or none
};

// Two files are decoded at the same time, which takes as long as the larger;
// directories one file after the other, which takes no more memory than one.
absl::Status ReadSides(const OlderAndNewer& files, const ReportRequest& request,
                       Symbolizer* symbolizer, CallStacks* stacks,
                       Sides* sides) {
  if (files.older.size() != 1 || files.newer.size() != 1) {
    const absl::Status status =
        AddFiles(files.older, request, stacks, &sides->older);
    return status.ok() ? AddFiles(files.newer, request, stacks, &sides->newer)
                       : status;
  }
  Progress progress("reading snapshots", 2);
  std::future<absl::StatusOr<Snapshot>> reading =
      std::async(std::launch::async, TryReadSnapshot, files.newer[0]);
  absl::StatusOr<Snapshot> older = TryReadSnapshot(files.older[0]);
  if (older.ok()) AddRead(*older, request, stacks, &sides->older);
  progress.Show(1);
  absl::StatusOr<Snapshot> newer = reading.get();
  if (!older.ok()) return older.status();
  if (!newer.ok()) return newer.status();
  std::vector<StackId> stack_of_node =
      AddRead(*newer, request, stacks, &sides->newer);
  if (!HasGraph(*newer) || request.rows.counting == Counting::kCumulative) {
    return absl::OkStatus();
  }
  sides->known = KnownBlocksOf(*std::move(older));
  absl::StatusOr<std::unique_ptr<GraphSide>> graph = GraphSide::TryMake(
      *std::move(newer), request, symbolizer, stacks, std::move(stack_of_node));
  if (!graph.ok()) return graph.status();
  sides->graph = *std::move(graph);
  return absl::OkStatus();
}

void AppendNotes(std::vector<std::string> more,
                 std::vector<std::string>* notes) {
  for (std::string& note : more) notes->push_back(std::move(note));
}

}  // namespace

absl::StatusOr<Document> MakeDiffReport(const ReportRequest& request) {
  const absl::StatusOr<OlderAndNewer> files = FilesToCompare(request.files);
  if (!files.ok()) return files.status();
  const std::unique_ptr<Symbolizer> symbolizer =
      Symbolizer::Create(request.symbols);
  CallStacks stacks(symbolizer.get(), request.wrappers);
  Sides sides;
  HeapSide &older = sides.older, &newer = sides.newer;
  absl::Status status =
      ReadSides(*files, request, symbolizer.get(), &stacks, &sides);
  if (status.ok()) status = CheckComparable(older, newer);
  if (!status.ok()) return status;
  const HeapRows rows =
      GrowthByKey(older.heap, newer.heap, &stacks, request.rows);

  Document document;
  document.name = "heapline.diff";
  document.snapshots = older.snapshots;
  document.snapshots.insert(document.snapshots.end(), newer.snapshots.begin(),
                            newer.snapshots.end());
  document.notes = files->notes;
  AppendNotes(std::move(older.notes), &document.notes);
  AppendNotes(std::move(newer.notes), &document.notes);
  if (Programs(older) != Programs(newer)) {
    document.notes.push_back(
        absl::StrCat("different programs are compared: ", Programs(older),
                     " with ", Programs(newer)));
  }
  AppendNotes(
      HeapTableNotes(rows, request, newer.heap.sample_mean_bytes, newer.exact),
      &document.notes);
  document.asides = {
      TotalsAside("older_process", older, rows.newer - rows.growth),
      TotalsAside("process", newer, rows.newer)};
  Table table = HeapTable(rows, stacks, request, HeapTableKind::kGrowth);
  if (sides.graph != nullptr) {
    AddKeptBy(sides.known, rows, sides.graph.get(), &table);
  }
  AppendNotes(NotesOfShownRows(rows, table.rows.size(), stacks,
                               request.rows.key, symbolizer->Notes()),
              &document.notes);
  document.body = std::move(table);
  return document;
}

}  // namespace heapline

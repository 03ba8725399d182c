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

// Two files are decoded at the same time, which takes as long as the larger;
// directories one file after the other, which takes no more memory than one.
absl::Status AddBoth(const OlderAndNewer& files, CallStacks* stacks,
                     HeapSide* older, HeapSide* newer) {
  if (files.older.size() != 1 || files.newer.size() != 1) {
    const absl::Status status = AddFiles(files.older, stacks, older);
    return status.ok() ? AddFiles(files.newer, stacks, newer) : status;
  }
  Progress progress("reading snapshots", 2);
  std::future<absl::StatusOr<Snapshot>> newer_snapshot =
      std::async(std::launch::async, TryReadSnapshot, files.newer[0]);
  const absl::Status status = AddFile(files.older[0], stacks, older);
  progress.Show(1);
  const absl::StatusOr<Snapshot> snapshot = newer_snapshot.get();
  return status.ok() ? AddRead(snapshot, stacks, newer) : status;
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
  CallStacks stacks(symbolizer.get());
  HeapSide older, newer;
  absl::Status status = AddBoth(*files, &stacks, &older, &newer);
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
  AppendNotes(NotesOfShownRows(rows, table.rows.size(), stacks,
                               request.rows.key, symbolizer->Notes()),
              &document.notes);
  document.body = std::move(table);
  return document;
}

}  // namespace heapline

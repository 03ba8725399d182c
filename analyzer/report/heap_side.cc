#include "analyzer/report/heap_side.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/analysis/node_amounts.h"
#include "analyzer/analysis/object_types.h"
#include "analyzer/base/text.h"
#include "analyzer/report/graph_side.h"
#include "analyzer/snapshot/snapshot_reader.h"

namespace heapline {

SnapshotName NameOf(const Snapshot& snapshot) {
  SnapshotName name;
  name.file = snapshot.file;
  name.program = TextOf(snapshot, PropertyId::program);
  name.label = TextOf(snapshot, PropertyId::label);
  name.reason = TextOf(snapshot, PropertyId::reason);
  name.pid = NumberOf(snapshot, PropertyId::pid);
  name.sequence = NumberOf(snapshot, PropertyId::sequence);
  return name;
}

std::string DamageNote(const Snapshot& snapshot) {
  if (snapshot.is_whole()) return "";
  return absl::StrCat(snapshot.file, ": damaged, the sound part is used: ",
                      absl::StrJoin(snapshot.damage, "; "));
}

absl::Status AddFile(const std::string& path, const ReportRequest& request,
                     CallStacks* stacks, HeapSide* side) {
  const absl::StatusOr<Snapshot> snapshot = TryReadSnapshot(path);
  if (!snapshot.ok()) return snapshot.status();
  AddRead(*snapshot, request, stacks, side);
  return absl::OkStatus();
}

std::vector<StackId> AddRead(const Snapshot& snapshot,
                             const ReportRequest& request, CallStacks* stacks,
                             HeapSide* side) {
  const std::string damage = DamageNote(snapshot);
  if (!damage.empty()) side->notes.push_back(damage);
  const uint64_t dropped = NumberOf(snapshot, PropertyId::dropped_blocks);
  if (dropped > 0) {
    side->notes.push_back(absl::StrCat(
        snapshot.file, ": ", Counted(dropped, "block"),
        " could not be recorded and stand in no row; trace with a greater "
        "max_memory, or none"));
  }
  side->exact += ProcessTotals(snapshot);
  side->peak_bytes +=
      static_cast<int64_t>(NumberOf(snapshot, PropertyId::peak_bytes));
  side->snapshots.push_back(NameOf(snapshot));
  if (request.rows.key != Key::kType) {
    return AddSnapshot(snapshot, stacks, &side->heap);
  }
  if (!HasGraph(snapshot)) {
    side->notes.push_back(absl::StrCat(
        "--by type: ", snapshot.file,
        " holds no object types, so allocation sites stand in; trace with the "
        "option graph=1, without sample"));
    return AddSnapshot(snapshot, stacks, &side->heap);
  }
  DataSymbols symbols(snapshot, request.symbols);
  const ObjectGraph graph(snapshot);
  return AddSnapshotByType(snapshot, graph, FindObjectTypes(graph, &symbols),
                           stacks, &side->heap);
}

Aside TotalsAside(const std::string& name, const HeapSide& side,
                  const Amounts& row_total) {
  Aside aside{name,
              {{"live_bytes", side.exact.live_bytes},
               {"live_count", side.exact.live_count},
               {"peak_bytes", side.peak_bytes},
               {"total_bytes", side.exact.total_bytes},
               {"total_count", side.exact.total_count},
               {"temporary_count", side.exact.temporary_count}}};
  if (side.heap.sample_mean_bytes > 0) {
    aside.fields.emplace_back(
        "sample_mean_bytes", static_cast<int64_t>(side.heap.sample_mean_bytes));
    aside.fields.emplace_back("estimated_live_bytes", row_total.live_bytes);
    aside.fields.emplace_back("estimated_live_count", row_total.live_count);
  }
  return aside;
}

}  // namespace heapline

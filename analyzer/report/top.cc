// `heapline top`: what is live, heaviest key first.
#include <memory>
#include <utility>

#include "analyzer/report/heap_side.h"
#include "analyzer/report/heap_table.h"
#include "analyzer/report/report_files.h"
#include "analyzer/report/reports.h"

namespace heapline {

absl::StatusOr<Document> MakeTopReport(const ReportRequest& request) {
  const absl::StatusOr<std::vector<std::string>> files =
      NewestOfEachProcess(request.files[0]);
  if (!files.ok()) return files.status();
  const std::unique_ptr<Symbolizer> symbolizer =
      Symbolizer::Create(request.symbols);
  CallStacks stacks(symbolizer.get(), request.wrappers);
  HeapSide side;
  const absl::Status status = AddFiles(*files, request, &stacks, &side);
  if (!status.ok()) return status;
  const HeapRows rows = RowsByKey(side.heap, &stacks, request.rows);

  Document document;
  document.name = "heapline.top";
  document.snapshots = side.snapshots;
  document.notes = std::move(side.notes);
  for (std::string& note :
       HeapTableNotes(rows, request, side.heap.sample_mean_bytes, side.exact)) {
    document.notes.push_back(std::move(note));
  }
  document.asides = {TotalsAside("process", side, rows.newer)};
  Table table = HeapTable(rows, stacks, request, HeapTableKind::kLive);
  for (std::string& note :
       NotesOfShownRows(rows, table.rows.size(), stacks, request.rows.key,
                        symbolizer->Notes())) {
    document.notes.push_back(std::move(note));
  }
  document.body = std::move(table);
  return document;
}

}  // namespace heapline

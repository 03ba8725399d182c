// The two forms of a snapshot as export formats: text and snapshot.

#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/export/exporters.h"
#include "analyzer/snapshot/snapshot_encoder.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "analyzer/snapshot/text_form.h"

namespace heapline {
namespace {

using Writer = std::string (*)(const Snapshot& snapshot);

absl::StatusOr<ExportResult> Export(const ExportRequest& request,
                                    Writer writer) {
  if (request.files.size() != 1) {
    return Problem(absl::StatusCode::kInvalidArgument, "exporting",
                   absl::StrCat(request.files.size(), " files"),
                   "this format holds one snapshot: give one file");
  }
  const absl::StatusOr<Snapshot> snapshot =
      TryReadSnapshot(request.files.front());
  if (!snapshot.ok()) return snapshot.status();
  ExportResult result;
  result.bytes = writer(*snapshot);
  for (const std::string& sentence : snapshot->damage) {
    result.notes.push_back(
        absl::StrCat(SafeText(snapshot->file), ": ", SafeText(sentence)));
  }
  return result;
}

}  // namespace

absl::StatusOr<ExportResult> ExportText(const ExportRequest& request) {
  return Export(request, &WriteTextForm);
}

absl::StatusOr<ExportResult> ExportSnapshot(const ExportRequest& request) {
  return Export(request, &EncodeSnapshot);
}

}  // namespace heapline

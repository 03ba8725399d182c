// exporters.h: what `heapline export --to NAME` can write: one row a format. A
// new format = one file with a function + one row in exporters.cc; the command
// line, its help and "did you mean" come from the table. Thread-safe: constant.
#ifndef HEAPLINE_ANALYZER_EXPORT_EXPORTERS_H_
#define HEAPLINE_ANALYZER_EXPORT_EXPORTERS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace heapline {

struct ExportRequest {
  std::vector<std::string> files;  // never empty
};

struct ExportResult {
  std::string bytes;               // the file's contents
  std::vector<std::string> notes;  // for stderr: what is missing
};

struct Exporter {
  const char* name;     // "text"
  const char* summary;  // one line, no full stop
  absl::StatusOr<ExportResult> (*run)(const ExportRequest& request);
};

// THE TABLE, in the order of --help.
absl::Span<const Exporter> Exporters();
// nullptr where there is none of that name.
const Exporter* FindExporter(absl::string_view name);

// The rows' functions, each in its own file.
absl::StatusOr<ExportResult> ExportText(const ExportRequest& request);
absl::StatusOr<ExportResult> ExportSnapshot(const ExportRequest& request);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_EXPORT_EXPORTERS_H_

#include "analyzer/export/exporters.h"

namespace heapline {
namespace {

constexpr Exporter kExporters[] = {
    {"text", "the snapshot's readable form, without loss", &ExportText},
    {"snapshot", "the snapshot's binary form, of its text form for example",
     &ExportSnapshot},
};

}  // namespace

absl::Span<const Exporter> Exporters() { return kExporters; }

const Exporter* FindExporter(absl::string_view name) {
  for (const Exporter& row : kExporters) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

}  // namespace heapline

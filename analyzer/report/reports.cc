#include "analyzer/report/reports.h"

namespace heapline {

const std::vector<ReportRow>& ReportTable() {
  static const auto* const table = new std::vector<ReportRow>{
      {"info", "Shows a snapshot's header", "FILE", 1, 1, kNoReportOptions,
       "Program, command line, host, time, reason, label, current and peak "
       "bytes, threads, modules, what is missing and why. A directory gives "
       "one entry a snapshot.",
       MakeInfoReport},
      {"top", "Ranks what is live by source line or another key", "FILE", 1, 1,
       kHeapRowOptions | kSymbolOptions,
       "Each live block is on exactly one row and rows sum to the total, "
       "except with --cumulative. A directory gives the newest snapshot of "
       "each process, summed.",
       MakeTopReport},
      {"diff", "Ranks growth between two snapshots", "OLD NEW", 1, 2,
       kHeapRowOptions | kSymbolOptions,
       "Largest absolute growth first; + grew, - shrank. Two directories are "
       "compared by the newest snapshot of each process, summed; one "
       "directory by the first and the last snapshot of each process.",
       MakeDiffReport},
  };
  return *table;
}

}  // namespace heapline

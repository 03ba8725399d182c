// report_request.h: what a report is asked: its FILE arguments and the options
// common to reports. A value type.
#ifndef HEAPLINE_ANALYZER_REPORT_REPORT_REQUEST_H_
#define HEAPLINE_ANALYZER_REPORT_REPORT_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/analysis/heap_rows.h"
#include "analyzer/analysis/suppressions.h"
#include "analyzer/symbolize/symbolizer.h"

namespace heapline {

// Sizes for people: "9.77 MiB", or to the byte: "10240000 B".
enum class Numbers { kRounded, kExact };

// Rows whose ranked number is 0 (nothing live, no growth): people are told how
// many there are, machines get them.
enum class IdleRows { kShow, kSum };

// Which cycles a report shows: those that roots reach are mostly meant.
enum class CyclesShown { kUnreachable, kAll };

// Which part of the object graph is shown, each X as object_search.h takes it.
struct GraphView {
  std::string from;  // "": from all roots
  std::string to;    // "": not up from an object
  uint32_t depth = 8;
};

// Whether the edge rules that heapline ships are applied.
enum class ShippedRules { kApply, kLeaveOut };

// What graph reports are asked beside.
struct GraphRequest {
  std::vector<std::string> edge_rules;  // files
  ShippedRules shipped_rules = ShippedRules::kApply;
  unsigned ignored_roots = 0;             // bits 1 << HL_ROOT_…
  unsigned leak_kinds = kNoLeakKind;      // bits of LeakKinds; none: as told by
                                          // the snapshot
  std::vector<std::string> suppressions;  // files
  CyclesShown cycles = CyclesShown::kUnreachable;
  GraphView view;
};

struct ReportRequest {
  std::vector<std::string> files;  // snapshots or directories of them
  HeapRowOptions rows;
  size_t row_limit = 0;  // -n; 0: all
  IdleRows idle_rows = IdleRows::kShow;
  Numbers numbers = Numbers::kRounded;
  SymbolizerOptions symbols;
  std::vector<std::string> wrappers;  // globs, as CallStacks takes them
  GraphRequest graph;
  // Of a series: with which no key is called growing that does not grow.
  double confidence = 0.99;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_REPORT_REQUEST_H_

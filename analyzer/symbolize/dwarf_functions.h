// dwarf_functions.h: the functions of one compile unit that cover addresses of
// interest, and what is inlined into them. Subtrees without such an address
// are not walked. Work is bounded by the unit's size, whatever its references
// claim.
//
// Dies belong to the Dwarf handle and live as long as it. Pure function.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_DWARF_FUNCTIONS_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_DWARF_FUNCTIONS_H_

#include <elfutils/libdw.h>

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/symbolize/interval_sweep.h"

namespace heapline {

// A function, or one inlining of it.
struct FunctionEntry {
  Dwarf_Die die;
  uint32_t parent = kNoValue;  // entry it is inlined into; kNoValue: none
  uint32_t call_file = 0;      // of the unit's file table
  uint32_t call_line = 0;
};

struct FunctionTree {
  std::vector<FunctionEntry> entries;  // a parent stands before its children
  std::vector<Interval> intervals;     // sorted; value = index into entries
  bool is_cut = false;                 // the unit is damaged: some are missing
};

// Where functions are looked for. In most units they stand at the top and in
// namespaces; some compilers put them into types or other functions, and those
// take a walk of the whole unit to find.
enum class FunctionDepth { kUsual, kAnywhere };

// `unit_bytes` bounds the walk. REQUIRES: `addresses` ascending.
FunctionTree FunctionsCovering(Dwarf_Die* unit, uint64_t unit_bytes,
                               absl::Span<const uint64_t> addresses,
                               FunctionDepth depth);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_DWARF_FUNCTIONS_H_

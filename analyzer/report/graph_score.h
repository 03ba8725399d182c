// graph_score.h: how true what graph reports show of a traced snapshot is,
// measured by an exact snapshot of the same instant (property exact). Blocks
// are compared by address; what the exact one does not know, the rest of the
// process, does not count.
//
//   precision: of what is shown, the share that is real
//   recall:    of what is real, the share that is shown
//
// Invariant: no share exceeds 1; an exact snapshot scores 1 by itself. Pure
// functions.
#ifndef HEAPLINE_ANALYZER_REPORT_GRAPH_SCORE_H_
#define HEAPLINE_ANALYZER_REPORT_GRAPH_SCORE_H_

#include <array>
#include <cstdint>

#include "analyzer/report/graph_side.h"

namespace heapline {

struct Accuracy {
  uint64_t shown = 0;
  uint64_t shown_right = 0;
  uint64_t real = 0;
  uint64_t real_found = 0;

  // 1 where there is nothing to be wrong about.
  double Precision() const;
  double Recall() const;
  Accuracy& operator+=(const Accuracy& other);
};

struct GraphScore {
  // Members of cycles that garbage is made of: unreachable, or proven to be so
  // by their own counts.
  Accuracy cycles;
  Accuracy direct_leaks;    // blocks
  Accuracy indirect_leaks;  // blocks
  // Precision: references on the shortest path shown to each block. Recall:
  // blocks that are reachable and have a path.
  Accuracy paths;
  // Blocks whose type is shown, or that have one.
  Accuracy types;

  GraphScore& operator+=(const GraphScore& other);
};

struct ScoreRow {
  const char* name;  // "direct leaks"
  const char* key;   // "direct_leaks"
  Accuracy GraphScore::*accuracy;
};
const std::array<ScoreRow, 5>& ScoreRows();

GraphScore ScoreOf(GraphSide* exact, GraphSide* traced);

// The three sizes of an object, by its first block.
struct ObjectSizes {
  uint64_t shallow_bytes = 0;  // of the block
  uint64_t deep_bytes = 0;     // of all that it leads to
  uint64_t retained_bytes = 0;
  uint64_t retained_count = 0;

  bool operator==(const ObjectSizes& other) const;
};

// Zeros where no block begins at the address.
ObjectSizes SizesOf(GraphSide* side, uint64_t address);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_GRAPH_SCORE_H_

// edge_encoder.h: edges to encoded sections, the inverse of EdgeCursor. What
// the shim's scan does inside a process, done outside.
//
// Invariant: EdgeCursor reads from the sections the edges that were added, in
// their order. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_EDGE_ENCODER_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_EDGE_ENCODER_H_

#include <vector>

#include "analyzer/snapshot/edge_cursor.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

class EdgeEncoder {
 public:
  // REQUIRES: `edge` is in the ranges of edge_cursor.h and stands, by from,
  // then offset, behind the one before.
  void Add(const Edge& edge);
  std::vector<EdgeSection> Take();

 private:
  std::vector<EdgeSection> sections_;
  Edge last_;  // of the last section
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_EDGE_ENCODER_H_

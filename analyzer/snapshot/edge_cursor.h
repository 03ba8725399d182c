// edge_cursor.h: the edges of a snapshot one after the other, out of their
// encoded sections: 24 bytes an edge would be too many to keep.
//
//   for (EdgeCursor cursor(snapshot.edges); cursor.Next();) Use(cursor.edge());
//
// Edges ascend by `from`, then `offset`. The sections must outlive the cursor
// and hold sound records, as those of a Snapshot do. Not thread-safe; any
// number of cursors over the same sections may run at once.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_EDGE_CURSOR_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_EDGE_CURSOR_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/snapshot/record_reader.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

// The word at `from` + `offset` points `place` bytes into the block `to`.
// Addresses are < HL_MAX_ADDRESS and multiples of 16; `offset` of 8.
struct Edge {
  uint64_t from = 0;  // start of a block; need not be known
  uint64_t offset = 0;
  uint64_t to = 0;  // start of a block; need not be known
  uint64_t place = 0;
  bool is_interior() const { return place != 0; }
};

// Takes the records of one section from its payload.
class EdgeReader {
 public:
  explicit EdgeReader(absl::Span<const unsigned char> payload)
      : reader_(payload) {}

  bool is_at_end() const { return reader_.is_at_end(); }
  // Of the payload, behind the records so far.
  size_t bytes_left() const { return reader_.bytes_left(); }
  // The next record. False: it is malformed or out of range, and so is what
  // follows it. REQUIRES: !is_at_end().
  bool Next(Edge* edge);
  // Records so far were in ascending order.
  bool is_ordered() const { return is_ordered_; }

 private:
  RecordReader reader_;
  Edge last_;
  bool is_first_ = true;
  bool is_ordered_ = true;
};

class EdgeCursor {
 public:
  explicit EdgeCursor(const std::vector<EdgeSection>& sections);
  // False: there is no further edge.
  bool Next();
  const Edge& edge() const { return edge_; }

 private:
  const std::vector<EdgeSection>& sections_;
  size_t next_section_ = 0;
  EdgeReader reader_;
  Edge edge_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_EDGE_CURSOR_H_

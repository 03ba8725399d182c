// graph_decoder.h: the sections of the object graph to the columns of a
// Snapshot. Part of SectionDecoder, which says what a section does not hold.
//
// Invariant: after each Decode, roots and root areas are of known kinds, blocks
// are multiples of 16 below HL_MAX_ADDRESS, object words ascend by block, then
// index, and EdgeCursor finds only sound edges, which ascend; after Finish type
// names ascend too. Whether a block is there is not asked. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_GRAPH_DECODER_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_GRAPH_DECODER_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/snapshot/damage_notes.h"
#include "analyzer/snapshot/edge_cursor.h"
#include "analyzer/snapshot/record_reader.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

class GraphDecoder {
 public:
  // Both must outlive the object.
  GraphDecoder(Snapshot* snapshot, DamageNotes* notes);

  static bool Decodes(uint32_t section_id);

  // Room for records to come, of all sections of this id together.
  void Reserve(uint32_t section_id, uint64_t record_count);

  // Reads at most `record_count` records with `reader`, which is at the begin
  // of `payload`. Returns how many there are; fewer: the rest is malformed.
  uint64_t Decode(uint32_t section_id, uint64_t record_count,
                  absl::Span<const unsigned char> payload,
                  RecordReader* reader);

  void Finish();

 private:
  uint64_t DecodeRoots(uint64_t record_count, RecordReader* reader);
  struct EdgeState {
    std::vector<EdgeSection>* sections;
    const char* problem;  // where some stand out of order
    Edge last;            // of the sections so far
  };
  uint64_t DecodeEdges(uint64_t record_count,
                       absl::Span<const unsigned char> payload,
                       RecordReader* reader, EdgeState* state);
  uint64_t DecodeObjectWords(uint64_t record_count, RecordReader* reader);
  bool AddObjectWord(uint64_t head, uint64_t granule, uint64_t value);
  uint64_t DecodeTypeNames(uint64_t record_count, RecordReader* reader);
  uint64_t DecodeRootAreas(uint64_t record_count, RecordReader* reader);

  Snapshot* const snapshot_;
  DamageNotes* const notes_;
  EdgeState edges_, weak_edges_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_GRAPH_DECODER_H_

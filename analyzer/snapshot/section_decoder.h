// section_decoder.h: decoded payloads to the columns of a Snapshot. Checks each
// record as it comes; what cannot be right is left out or shown as unknown,
// counted, and told once at the end.
//
// Call order: Begin; DecodeNodes for every nodes section; NodesAreComplete;
// Decode for every other section; Finish. Afterwards the invariants of
// snapshot.h hold. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_SECTION_DECODER_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_SECTION_DECODER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/snapshot/damage_notes.h"
#include "analyzer/snapshot/graph_decoder.h"
#include "analyzer/snapshot/record_reader.h"
#include "analyzer/snapshot/section_scan.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

class SectionDecoder {
 public:
  // `most_nodes` bounds the memory that gaps between node ids may cost.
  SectionDecoder(uint64_t most_nodes, Snapshot* snapshot);

  // Room for records to come, of all sections of this id together.
  void Reserve(uint32_t section_id, uint64_t record_count);

  void DecodeNodes(const ScannedSection& section,
                   absl::Span<const unsigned char> payload);
  void NodesAreComplete();
  void Decode(const ScannedSection& section,
              absl::Span<const unsigned char> payload);

  // Adds the damage found to snapshot->damage and puts everything in order.
  void Finish();

  // Records decoded, by section id.
  const absl::btree_map<uint32_t, uint64_t>& read_records() const {
    return read_records_;
  }

 private:
  struct BlockState {
    BlockColumns* columns;
    uint64_t bytes_sum = 0;
  };

  // `id`, or the node for what is unknown where there is no such node.
  NodeId CheckedNode(uint64_t id);
  bool CheckSum(uint64_t value, uint64_t* sum);
  void Note(absl::string_view what, uint64_t times = 1) {
    notes_.Add(what, times);
  }
  BlockState* BlocksOf(uint32_t section_id);

  void DecodeNode(uint64_t id, uint64_t* previous, RecordReader* reader);
  void DecodeProperty(RecordReader* reader);
  void DecodeModule(RecordReader* reader);
  void DecodeThread(RecordReader* reader);
  void DecodeLabel(RecordReader* reader);
  void DecodeCounters(uint64_t record_count, RecordReader* reader);
  void DecodeEpochs(uint64_t record_count, RecordReader* reader);
  void DecodeBlocks(uint64_t record_count, RecordReader* reader,
                    BlockState* state);
  void DecodeMapping(RecordReader* reader);
  void DecodeRootRegion(RecordReader* reader);
  void DecodeExpectedDead(RecordReader* reader);
  void DecodeSymbol(RecordReader* reader);
  void DecodeRecords(uint32_t section_id, uint64_t record_count,
                     RecordReader* reader);
  // Counts what was read, and notes a section that does not hold what its
  // header says.
  void EndSection(const ScannedSection& section, uint64_t read,
                  const RecordReader& reader);

  const uint64_t most_nodes_;
  Snapshot* const snapshot_;
  uint64_t node_count_ = 1;  // after NodesAreComplete: without the unknown one
  bool needs_unknown_node_ = false;
  uint64_t read_ = 0;  // records of the section being decoded
  uint64_t counter_sums_[3] = {0, 0, 0};
  BlockState blocks_, pool_blocks_, mapped_regions_;
  DamageNotes notes_;
  GraphDecoder graph_;
  absl::btree_map<uint32_t, uint64_t> read_records_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_SECTION_DECODER_H_

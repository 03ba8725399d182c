// graph_encoder.h: the object graph of a Snapshot to the sections of the binary
// form. The inverse of GraphDecoder. Thread-safe: no state.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_GRAPH_ENCODER_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_GRAPH_ENCODER_H_

#include "analyzer/snapshot/section_writer.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

// Roots, edges, object words, type names and root areas; no section for what
// the snapshot has none of.
void PutGraph(const Snapshot& snapshot, SectionWriter* writer);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_GRAPH_ENCODER_H_

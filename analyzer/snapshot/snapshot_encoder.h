// snapshot_encoder.h: a Snapshot to the binary form, format v1, plain (pack.h
// compresses). What the shim's writer does inside a process, done outside.
//
// Invariant: reading what is written gives the same snapshot, written_…
// properties apart, which are counted anew. A snapshot that is not whole is
// written without end section, so that it stays known as such. Thread-safe.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_SNAPSHOT_ENCODER_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_SNAPSHOT_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "analyzer/snapshot/snapshot.h"

namespace heapline {

std::string EncodeSnapshot(const Snapshot& snapshot);

// True for the properties that count the file's own records and sections.
bool IsCountedByEncoder(uint32_t property_id);

// True where node `id` has a record in the counters section.
bool HasCounts(const CounterColumns& counters, size_t id);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_SNAPSHOT_ENCODER_H_

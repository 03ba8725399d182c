// snapshot_tables.h: the tables of a snapshot other than its blocks: modules,
// threads, labels, call tree, counters, epochs, and what the program told
// through heapline.h. Runs where nobody else does (snapshot_writer.h).
#ifndef HEAPLINE_PRELOAD_SNAPSHOT_TABLES_H_
#define HEAPLINE_PRELOAD_SNAPSHOT_TABLES_H_

#include <stdint.h>

#include "preload/section_writer.h"
#include "preload/stop_world.h"

namespace heapline {

struct TableSums {
  uint64_t modules;
  uint64_t threads;
  uint64_t nodes;
  uint64_t counters;
};

// `epoch` is the one that the cut ended.
void WriteTables(SectionWriter* out, const StoppedWorld& world, uint16_t epoch,
                 TableSums* sums);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_SNAPSHOT_TABLES_H_

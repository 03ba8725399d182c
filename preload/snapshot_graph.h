// snapshot_graph.h: the object graph of a cut: sections ROOTS, ROOT_AREAS,
// EDGES, OBJECT_WORDS and TYPE_NAMES. Runs in the snapshot's child (or in the
// stopped process) with raw system calls alone; reads the program's memory,
// writes none of it. Extra memory: 0.8 % of the heap's address space.
#ifndef HEAPLINE_PRELOAD_SNAPSHOT_GRAPH_H_
#define HEAPLINE_PRELOAD_SNAPSHOT_GRAPH_H_

#include <stdint.h>

#include "preload/section_writer.h"
#include "preload/stop_world.h"

namespace heapline {

// Where the thread that cuts stands when it does not stand in a handler.
enum class LeaderPlace : uint8_t {
  kInHook,  // in a hook, which may hold a block in its hands
  kInCall,  // in a call of ours that the program made
  kAtExit   // in the last handler of exit(), or in _exit()
};

struct GraphSums {
  bool is_whole;  // false: there was no memory, or no list of mappings
  uint64_t roots;
  uint64_t edges;
  uint64_t object_words;
  uint64_t unreadable_bytes;
  uint64_t scan_ns;
};

// `descriptor` is the file that `out` writes to. Where the sums are not whole
// the sections are not either, and say nothing.
GraphSums WriteGraph(SectionWriter* out, int descriptor,
                     const StoppedWorld& world, LeaderPlace place,
                     bool is_complete);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_SNAPSHOT_GRAPH_H_

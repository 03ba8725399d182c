// graph_snapshot.h: a made-up snapshot with an object graph: N blocks and 2 N
// edges, most of them to a neighbour as in a program's lists and trees, a
// quarter anywhere, one of eight interior, a twentieth of the blocks held by
// nothing. The same bytes on every run. Pure function.
#ifndef HEAPLINE_TESTS_BENCH_GRAPH_SNAPSHOT_H_
#define HEAPLINE_TESTS_BENCH_GRAPH_SNAPSHOT_H_

#include <cstdint>

#include "analyzer/snapshot/snapshot.h"

namespace heapline {

Snapshot MakeGraphSnapshot(uint64_t blocks, uint64_t seed);

}  // namespace heapline

#endif  // HEAPLINE_TESTS_BENCH_GRAPH_SNAPSHOT_H_

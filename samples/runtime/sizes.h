// sizes.h: three numbers, each of which is called the size of an object:
//
//   shallow   its own block and those that it alone owns: sys.getsizeof
//   deep      all that is reachable from it, shared or not, each once:
//             pympler.asizeof, with classes and all
//   retained  what would be freed were it gone: of the deep size, what is
//             reachable from the roots through it only
//
//   shallow <= retained <= deep, for an object that is reachable.
#ifndef SAMPLES_RUNTIME_SIZES_H_
#define SAMPLES_RUNTIME_SIZES_H_

#include <cstdint>
#include <vector>

#include "samples/runtime/exact_graph.h"
#include "samples/runtime/object.h"

namespace runtime {

// Of all objects reachable from it by Traverse, each once: cycles do no harm.
uint64_t DeepBytes(const Object* object);

// The same numbers over the blocks of a graph, as a tool sees them that knows
// blocks only: the shallow one is the object's first block alone.
struct BlockSizes {
  uint64_t shallow_bytes = 0;
  uint64_t deep_bytes = 0;      // reachable along strong edges
  uint64_t retained_bytes = 0;  // of these, not reachable without the object
  uint64_t retained_count = 0;  // blocks
};

// By brute force: two floods from the roots, with the object and without. An
// object that no root reaches retains 0. REQUIRES: it is in the graph.
BlockSizes SizesInGraph(const ExactGraph& graph, const Object* object);

// Objects that some root reaches along strong edges.
uint64_t ReachableObjects(const ExactGraph& graph);

// The article's table: sys.getsizeof of small objects.
struct SizeRow {
  const char* label;       // "list (10 ints)"
  uint64_t bytes;          // ShallowBytes of ours
  uint64_t cpython_bytes;  // of CPython 3.11 on x86-64
};

// Its 16 rows, in its order; the objects are made and dropped.
std::vector<SizeRow> SizeTable();

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_SIZES_H_

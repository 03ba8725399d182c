// exact_graph.h: the runtime writes its own heap as a snapshot in the text form
// (docs/snapshot-format.md), with nothing guessed: every block, every word that
// refers, strong or weak, every reference count. It is the truth that a traced
// snapshot of the same instant is measured by: `heapline demo`.
//
//   property exact 1
//   block ADDRESS size=BYTES          an object's, or one that it owns
//   word ADDRESS 0 module VTABLE      an object: its C++ class, and
//   type-name VTABLE "demo::Node"     the class's name
//   word ADDRESS 1 counts COUNT 0     its reference count
//   edge FROM +OFFSET TO              strong
//   weak-edge FROM +OFFSET TO
//   root region 0 SOURCE ADDRESS      held from outside of the heap
//
// An object is held from outside exactly when its count exceeds the references
// that objects hold, as the collector reckons.
//
// REQUIRES: RuntimeOptions::live_objects is kListed.
#ifndef SAMPLES_RUNTIME_EXACT_GRAPH_H_
#define SAMPLES_RUNTIME_EXACT_GRAPH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "samples/runtime/object.h"

namespace runtime {

class Runtime;

struct ExactBlock {
  const void* start = nullptr;
  uint64_t bytes = 0;
  const Object* object = nullptr;  // nullptr: a block that an object owns
};

struct ExactEdge {
  const void* from = nullptr;  // a block's start
  uint64_t offset = 0;
  const void* to = nullptr;
  bool is_weak = false;
};

struct ExactGraph {
  std::vector<ExactBlock> blocks;    // by ascending start
  std::vector<ExactEdge> edges;      // by ascending from, then offset
  std::vector<const Object*> roots;  // held from outside, ascending

  // The block that begins there; nullptr where none does.
  const ExactBlock* At(const void* start) const;
};

// "demo::Node": the C++ class, as reports name it by its vtable.
std::string ClassNameOf(const Object& object);

ExactGraph TakeExactGraph(const Runtime& runtime);

// 0, or the errno of what failed. `label` stands in the snapshot.
int WriteExactGraph(const ExactGraph& graph, const std::string& path,
                    const std::string& label);

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_EXACT_GRAPH_H_

// labels.h: the names of the call tree's synthetic nodes: threads and scopes.
// An append-only table that the snapshot writer lists. A node and its label are
// made together, once for each distinct (start routine, name) or (parent,
// name); where the table is full, all further names share one label,
// "(others)". Names are cut to 63 bytes. Thread-safe and async-signal-safe
// without locks.
#ifndef HEAPLINE_PRELOAD_LABELS_H_
#define HEAPLINE_PRELOAD_LABELS_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/call_tree.h"

namespace heapline {

struct Label {
  NodeId node;
  uint64_t address;  // a thread's start routine; 0: main thread, or a scope
  char name[64];     // NUL-terminated
};

// The outermost node of the stacks of threads that began in `start_routine`
// under this name, each digit of it shown as '#'.
NodeId InternThreadNode(uintptr_t start_routine, const char* name);

// The node of a scope opened under `parent`.
NodeId InternScopeNode(NodeId parent, const char* name);

size_t LabelCount();
// REQUIRES: index < LabelCount().
const Label& LabelAt(size_t index);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_LABELS_H_

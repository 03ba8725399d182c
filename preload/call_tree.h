// call_tree.h: every call stack once, as a tree from the outermost frame
// inwards. A node is 16 bytes; a stack is the id of its innermost node.
//
//   0 root ── thread node ──[scope]── outermost frame ── … ── innermost frame
//
// Invariants: node ids are dense from 0; parent(id) < id; a node never changes
// once its id is published. Two threads that meet a new (parent, frame) at the
// same instant may make two nodes of it: reports group by what nodes mean, so
// duplicates cost memory only.
//
// The index from (parent, frame) to id is a list of open-addressed tables, each
// 4 times the one before. Only the newest takes insertions; what is found in
// an older one is copied forward. So growth moves nothing and stalls nobody.
// Thread-safe and async-signal-safe without locks (compare-and-swap).
#ifndef HEAPLINE_PRELOAD_CALL_TREE_H_
#define HEAPLINE_PRELOAD_CALL_TREE_H_

#include <stddef.h>
#include <stdint.h>

#include "heapline/snapshot_format.h"
#include "preload/live_table.h"

namespace heapline {

struct ThreadState;

// One frame as a child of another. `generation` tells apart two modules that
// were loaded at the same address one after the other (modules.h).
struct Frame {
  uint64_t address;
  HlNodeKind kind;
  uint32_t generation;  // < 2^28
};

struct Node {
  uint64_t address;
  NodeId parent;
  uint32_t generation_and_kind;  // generation << 4 | HlNodeKind
  HlNodeKind kind() const {
    return static_cast<HlNodeKind>(generation_and_kind & 15);
  }
  uint32_t generation() const { return generation_and_kind >> 4; }
};
static_assert(sizeof(Node) == 16, "deep recursion makes many nodes");

inline constexpr NodeId kRootNode = 0;
// Nodes 1..5 are the special nodes under the root, in the order of
// HlSpecialNode: the id is the enumerator.
inline constexpr NodeId kUnsampledNode = HL_SPECIAL_UNSAMPLED;
inline constexpr NodeId kDroppedNode = HL_SPECIAL_DROPPED;
inline constexpr NodeId kFirstOrdinaryNode = 6;

// Makes the root, the special nodes and the first index. False: no memory.
bool InitializeCallTree();

// The node of `frame` under `parent`, made if it is new. kDroppedNode when
// there is no room for another (counted). `thread` may be NULL (or nested in
// another use of it): then its cache is left alone.
NodeId ChildOf(ThreadState* thread, NodeId parent, const Frame& frame);

// REQUIRES: id < NodeCount().
const Node& NodeAt(NodeId id);
// Published nodes; ids below it are readable, but one that another thread is
// just making may still be all zero (kind return address, address 0).
NodeId NodeCount();
// ChildOf calls that found no room.
uint64_t DroppedNodes();

// Totals of one node: allocations charged to it as the innermost node.
struct NodeCounters {
  uint64_t total_count;
  uint64_t total_bytes;
  uint64_t temporary_count;
};

// Adds to a node's totals with atomic additions. Any thread.
void AddToCounters(NodeId id, const NodeCounters& amount);
// NULL: the node has no totals yet.
const NodeCounters* CountersAt(NodeId id);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_CALL_TREE_H_

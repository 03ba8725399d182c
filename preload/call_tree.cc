#include "preload/call_tree.h"

#include "preload/pages.h"
#include "preload/thread_state.h"

namespace heapline {
namespace {

// Nodes and their counters, in chunks made on demand.
constexpr uint32_t kChunkShift = 14;
constexpr uint32_t kChunkNodes = 1u << kChunkShift;
constexpr uint32_t kMaxChunks = HL_MAX_NODES >> kChunkShift;

Node* node_chunks[kMaxChunks];
NodeCounters* counter_chunks[kMaxChunks];
uint32_t node_count;
uint64_t dropped_nodes;

// The index: tables of node ids, each 4 times the one before.
constexpr int kMaxTables = 8;  // the last has 2^27 slots
constexpr uint32_t kFirstTableShift = 13;
constexpr uint32_t kMaxProbes = 32;

struct Table {
  uint32_t mask;
  uint32_t used;  // slots taken, about
  NodeId slots[];
};
Table* tables[kMaxTables];
int newest_table;

template <typename T>
T* ChunkFor(T** chunks, NodeId id) {
  T* chunk = __atomic_load_n(&chunks[id >> kChunkShift], __ATOMIC_ACQUIRE);
  if (__builtin_expect(chunk != nullptr, 1)) return chunk;
  T* fresh =
      static_cast<T*>(MapPages(kChunkNodes * sizeof(T), PageUse::kNodes));
  if (fresh == nullptr) return nullptr;
  if (__atomic_compare_exchange_n(&chunks[id >> kChunkShift], &chunk, fresh,
                                  false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    return fresh;
  }
  UnmapPages(fresh, kChunkNodes * sizeof(T));
  return chunk;
}

// A new node, or kDroppedNode.
NodeId AddNode(NodeId parent, const Frame& frame) {
  uint32_t id = __atomic_load_n(&node_count, __ATOMIC_RELAXED);
  Node* chunk;
  do {
    if (id >= HL_MAX_NODES) return kDroppedNode;
    // The chunk first: an id that is counted must be readable.
    chunk = ChunkFor(node_chunks, id);
    if (chunk == nullptr) return kDroppedNode;
  } while (!__atomic_compare_exchange_n(&node_count, &id, id + 1, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED));
  Node& node = chunk[id & (kChunkNodes - 1)];
  node.address = frame.address;
  node.parent = parent;
  node.generation_and_kind =
      frame.generation << 4 | static_cast<uint32_t>(frame.kind);
  return id;
}

bool Matches(NodeId id, NodeId parent, const Frame& frame) {
  const Node& node = NodeAt(id);
  return node.address == frame.address && node.parent == parent &&
         node.generation_and_kind ==
             (frame.generation << 4 | static_cast<uint32_t>(frame.kind));
}

uint64_t HashOf(NodeId parent, const Frame& frame) {
  uint64_t hash = frame.address * UINT64_C(0x9e3779b97f4a7c15);
  hash ^= (uint64_t{parent} << 8 ^ frame.generation << 4 ^
           static_cast<uint64_t>(frame.kind)) *
          UINT64_C(0xc2b2ae3d27d4eb4f);
  return hash ^ hash >> 29;
}

// Slot 0 means empty: the root is nobody's child.
NodeId FindIn(const Table* table, uint64_t hash, NodeId parent,
              const Frame& frame) {
  for (uint32_t probe = 0; probe < kMaxProbes; ++probe) {
    const NodeId id = __atomic_load_n(
        &table->slots[(hash + probe) & table->mask], __ATOMIC_ACQUIRE);
    if (id == 0) return 0;
    if (Matches(id, parent, frame)) return id;
  }
  return 0;
}

Table* AddTable(int index) {
  const uint32_t slots = 1u << (kFirstTableShift + 2 * index);
  const size_t bytes = sizeof(Table) + slots * sizeof(NodeId);
  Table* fresh = static_cast<Table*>(MapPages(bytes, PageUse::kNodes));
  if (fresh == nullptr) return nullptr;
  fresh->mask = slots - 1;
  Table* present = nullptr;
  if (!__atomic_compare_exchange_n(&tables[index], &present, fresh, false,
                                   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    UnmapPages(fresh, bytes);
    fresh = present;
  }
  int before = index - 1;
  __atomic_compare_exchange_n(&newest_table, &before, index, false,
                              __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
  return fresh;
}

// Puts `id` into the newest table; another thread's equal node that got there
// first wins. A table too full to take it is followed by a larger one.
NodeId Insert(NodeId id, uint64_t hash, NodeId parent, const Frame& frame) {
  for (;;) {
    const int index = __atomic_load_n(&newest_table, __ATOMIC_ACQUIRE);
    Table* table = tables[index];
    for (uint32_t probe = 0; probe < kMaxProbes; ++probe) {
      NodeId* slot = &table->slots[(hash + probe) & table->mask];
      NodeId present = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
      if (present == 0 &&
          __atomic_compare_exchange_n(slot, &present, id, false,
                                      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        const uint32_t used =
            __atomic_add_fetch(&table->used, 1, __ATOMIC_RELAXED);
        if (used == (table->mask >> 1) && index + 1 < kMaxTables) {
          AddTable(index + 1);
        }
        return id;
      }
      if (Matches(present, parent, frame)) return present;
    }
    // No slot near: the table counts as full. Without room for a larger one
    // the node stays out of the index; it is found again as a duplicate.
    if (index + 1 >= kMaxTables || AddTable(index + 1) == nullptr) return id;
  }
}

NodeId FindOrAdd(NodeId parent, const Frame& frame) {
  const uint64_t hash = HashOf(parent, frame);
  const int newest = __atomic_load_n(&newest_table, __ATOMIC_ACQUIRE);
  for (int index = newest; index >= 0; --index) {
    const NodeId id = FindIn(tables[index], hash, parent, frame);
    if (id == 0) continue;
    return index == newest ? id : Insert(id, hash, parent, frame);
  }
  const NodeId id = AddNode(parent, frame);
  if (id == kDroppedNode) {
    __atomic_add_fetch(&dropped_nodes, 1, __ATOMIC_RELAXED);
    return id;
  }
  return Insert(id, hash, parent, frame);
}

}  // namespace

bool InitializeCallTree() {
  if (AddTable(0) == nullptr) return false;
  if (ChunkFor(node_chunks, 0) == nullptr) return false;
  node_count = 0;
  AddNode(kRootNode, Frame{HL_SPECIAL_ROOT, HL_NODE_SPECIAL, 0});
  for (uint64_t special = HL_SPECIAL_NO_STACK; special <= HL_SPECIAL_UNKNOWN;
       ++special) {
    const Frame frame{special, HL_NODE_SPECIAL, 0};
    Insert(AddNode(kRootNode, frame), HashOf(kRootNode, frame), kRootNode,
           frame);
  }
  return node_count == kFirstOrdinaryNode;
}

NodeId ChildOf(ThreadState* thread, NodeId parent, const Frame& frame) {
  if (__builtin_expect(parent == kDroppedNode, 0)) return kDroppedNode;
  if (thread == nullptr || frame.generation != 0 ||
      frame.kind != HL_NODE_RETURN_ADDRESS) {
    return FindOrAdd(parent, frame);
  }
  ThreadState::ChildSlot& slot =
      thread
          ->children[(frame.address * 3 + parent * UINT64_C(0x9e3779b1)) >> 2 &
                     (ThreadState::kChildEntries - 1)];
  if (__builtin_expect(slot.address == frame.address && slot.parent == parent &&
                           slot.child != 0,
                       1)) {
    return slot.child;
  }
  const NodeId child = FindOrAdd(parent, frame);
  if (child != kDroppedNode) slot = {frame.address, parent, child};
  return child;
}

const Node& NodeAt(NodeId id) {
  return __atomic_load_n(&node_chunks[id >> kChunkShift],
                         __ATOMIC_ACQUIRE)[id & (kChunkNodes - 1)];
}

NodeId NodeCount() { return __atomic_load_n(&node_count, __ATOMIC_ACQUIRE); }

uint64_t DroppedNodes() {
  return __atomic_load_n(&dropped_nodes, __ATOMIC_RELAXED);
}

void AddToCounters(NodeId id, const NodeCounters& amount) {
  NodeCounters* chunk = ChunkFor(counter_chunks, id);
  if (chunk == nullptr) return;
  NodeCounters& counters = chunk[id & (kChunkNodes - 1)];
  __atomic_add_fetch(&counters.total_count, amount.total_count,
                     __ATOMIC_RELAXED);
  __atomic_add_fetch(&counters.total_bytes, amount.total_bytes,
                     __ATOMIC_RELAXED);
  __atomic_add_fetch(&counters.temporary_count, amount.temporary_count,
                     __ATOMIC_RELAXED);
}

const NodeCounters* CountersAt(NodeId id) {
  const NodeCounters* chunk =
      __atomic_load_n(&counter_chunks[id >> kChunkShift], __ATOMIC_ACQUIRE);
  return chunk == nullptr ? nullptr : &chunk[id & (kChunkNodes - 1)];
}

}  // namespace heapline

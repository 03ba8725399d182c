#include "preload/labels.h"

#include "preload/pages.h"

namespace heapline {
namespace {

// Labels stand in chunks that are mapped as they are needed; an index of node
// ids says which nodes have one already.
constexpr size_t kLabelsPerChunk = 128;
constexpr size_t kMostChunks = 128;
constexpr size_t kMostLabels = kLabelsPerChunk * kMostChunks;
constexpr size_t kIndexSlots = 2 * kMostLabels;

Label* chunks[kMostChunks];
size_t claimed_labels;
NodeId index_of_nodes[kIndexSlots];  // 0: empty

uint64_t Mix(uint64_t value) {
  value ^= value >> 32;
  value *= UINT64_C(0xd6e8feb86659fd93);
  value ^= value >> 32;
  value *= UINT64_C(0xd6e8feb86659fd93);
  return value ^ value >> 32;
}

// What stands in the node's address field: a node is known by its parent and
// this. 56 bits: the format's addresses are below 2^57.
uint64_t KeyOf(uint64_t address, const char* name) {
  uint64_t key = Mix(address + 1);
  for (; *name != 0; ++name) {
    key = Mix(key ^ static_cast<unsigned char>(*name));
  }
  return key >> 8;
}

bool IsLabelled(NodeId node) {
  for (size_t i = Mix(node) % kIndexSlots;; i = (i + 1) % kIndexSlots) {
    const NodeId found = __atomic_load_n(&index_of_nodes[i], __ATOMIC_RELAXED);
    if (found == node) return true;
    if (found == 0) return false;
  }
}

// False: another thread was first.
bool MarkLabelled(NodeId node) {
  for (size_t i = Mix(node) % kIndexSlots;; i = (i + 1) % kIndexSlots) {
    NodeId found = __atomic_load_n(&index_of_nodes[i], __ATOMIC_RELAXED);
    if (found == 0 &&
        __atomic_compare_exchange_n(&index_of_nodes[i], &found, node, false,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      return true;
    }
    if (found == node) return false;
  }
}

Label* ChunkAt(size_t chunk) {
  Label* labels = __atomic_load_n(&chunks[chunk], __ATOMIC_ACQUIRE);
  if (labels != nullptr) return labels;
  const size_t bytes = kLabelsPerChunk * sizeof(Label);
  auto* fresh = static_cast<Label*>(MapPages(bytes, PageUse::kEssential));
  if (fresh == nullptr) return nullptr;
  if (!__atomic_compare_exchange_n(&chunks[chunk], &labels, fresh, false,
                                   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    UnmapPages(fresh, bytes);
    return labels;
  }
  return fresh;
}

// An entry counts from the moment its node, written last, is not 0; readers
// stop at the first that does not, so the order of publication is the order
// of the table.
bool AppendLabel(NodeId node, uint64_t address, const char* name) {
  size_t index = __atomic_load_n(&claimed_labels, __ATOMIC_RELAXED);
  Label* chunk;
  do {
    if (index >= kMostLabels) return false;
    chunk = ChunkAt(index / kLabelsPerChunk);
    if (chunk == nullptr) return false;
  } while (!__atomic_compare_exchange_n(&claimed_labels, &index, index + 1,
                                        false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
  Label* label = &chunk[index % kLabelsPerChunk];
  label->address = address;
  size_t used = 0;
  for (; name[used] != 0 && used < sizeof(label->name) - 1; ++used) {
    label->name[used] = name[used];
  }
  label->name[used] = 0;
  __atomic_store_n(&label->node, node, __ATOMIC_RELEASE);
  return true;
}

bool IsFull() {
  return __atomic_load_n(&claimed_labels, __ATOMIC_RELAXED) >=
         kMostLabels - 256;
}

NodeId InternLabelled(NodeId parent, HlNodeKind kind, uint64_t address,
                      const char* name) {
  const Frame frame = {KeyOf(address, name), kind, 0};
  NodeId node = ChildOf(nullptr, parent, frame);
  if (node < kFirstOrdinaryNode || IsLabelled(node)) return node;
  if (IsFull()) {
    // The node just made stays in the tree without a label and unused.
    name = "(others)";
    address = 0;
    node = ChildOf(nullptr, kRootNode, {KeyOf(0, name), kind, 0});
    if (node < kFirstOrdinaryNode || IsLabelled(node)) return node;
  }
  if (MarkLabelled(node)) AppendLabel(node, address, name);
  return node;
}

}  // namespace

NodeId InternThreadNode(uintptr_t start_routine, const char* name) {
  char shown[sizeof(Label::name)];
  size_t used = 0;
  for (; name[used] != 0 && used < sizeof(shown) - 1; ++used) {
    const char letter = name[used];
    shown[used] = letter >= '0' && letter <= '9' ? '#' : letter;
  }
  shown[used] = 0;
  return InternLabelled(kRootNode, HL_NODE_THREAD, start_routine, shown);
}

NodeId InternScopeNode(NodeId parent, const char* name) {
  char shown[sizeof(Label::name)];
  size_t used = 0;
  for (; name[used] != 0 && used < sizeof(shown) - 1; ++used) {
    shown[used] = name[used];
  }
  shown[used] = 0;
  return InternLabelled(parent, HL_NODE_SCOPE, 0, shown);
}

size_t LabelCount() {
  const size_t claimed = __atomic_load_n(&claimed_labels, __ATOMIC_ACQUIRE);
  size_t count = 0;
  for (; count < claimed && count < kMostLabels; ++count) {
    const Label* chunk =
        __atomic_load_n(&chunks[count / kLabelsPerChunk], __ATOMIC_ACQUIRE);
    if (chunk == nullptr ||
        __atomic_load_n(&chunk[count % kLabelsPerChunk].node,
                        __ATOMIC_ACQUIRE) == 0) {
      break;
    }
  }
  return count;
}

const Label& LabelAt(size_t index) {
  return chunks[index / kLabelsPerChunk][index % kLabelsPerChunk];
}

}  // namespace heapline

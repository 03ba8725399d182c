#include "preload/capture_libunwind.h"

#include "preload/capture_nodes.h"
#include "preload/libunwind_oracle.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

// The shim's own frames at the front of libunwind's list, at most.
constexpr int kOwnFrames = 24;
// Frames of a nested capture.
constexpr int kAddressesOnStack = 96;

CheckCounts counts;

void Count(uint64_t* counter) {
  __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

uintptr_t Address(void* pointer) {
  return reinterpret_cast<uintptr_t>(pointer);
}

// Where the hook's caller stands in the list; `count` when it does not.
int FirstCallerFrame(void** addresses, int count, uintptr_t return_address) {
  int first = 0;
  while (first < count && Address(addresses[first]) != return_address) ++first;
  return first;
}

Rule RuleOf(const WalkedFrame& frame) {
  return RuleFor(frame.pc, frame.kind == HL_NODE_INSTRUCTION_POINTER);
}

// The frame of an address whose inner neighbour is `inner_kind`.
WalkedFrame FrameOf(void* address, RuleKind* inner_kind) {
  const bool is_exact = *inner_kind == RuleKind::kSignalFrame;
  const Rule rule = RuleFor(Address(address), is_exact);
  *inner_kind = rule.kind;
  return {Address(address), 0,
          is_exact ? HL_NODE_INSTRUCTION_POINTER : HL_NODE_RETURN_ADDRESS,
          rule.generation};
}

// Takes the shim's frames out; returns how many addresses are left.
int WithoutHidden(void** addresses, int count) {
  int kept = 0;
  for (int i = 0; i < count; ++i) {
    if (IsHiddenFrame(Address(addresses[i]))) continue;
    addresses[kept++] = addresses[i];
  }
  return kept;
}

NodeId AddAddresses(ThreadState* cache, NodeId node, void** addresses,
                    int count) {
  for (int i = count - 1; i >= 0; --i) {
    RuleKind inner_kind = RuleKind::kNone;
    if (i > 0) FrameOf(addresses[i - 1], &inner_kind);
    const WalkedFrame frame = FrameOf(addresses[i], &inner_kind);
    node = AddFrames(cache, node, &frame, 1);
    if (node == kDroppedNode) break;
  }
  return node;
}

// Whether the tree has these frames, innermost first, from `node` outwards.
bool IsPath(NodeId node, const WalkedFrame* frames, int count) {
  for (int i = 0; i < count; ++i) {
    const Node& in_tree = NodeAt(node);
    if (in_tree.address != frames[i].pc || in_tree.kind() != frames[i].kind ||
        in_tree.generation() != frames[i].generation) {
      return false;
    }
    node = in_tree.parent;
  }
  const HlNodeKind outer = NodeAt(node).kind();
  return outer == HL_NODE_THREAD || outer == HL_NODE_SCOPE ||
         outer == HL_NODE_SPECIAL;
}

// Both lists begin with the hook's caller.
void Compare(const WalkedFrame* frames, int count, WalkState state,
             void** addresses, int address_count) {
  const int shorter = count < address_count ? count : address_count;
  bool is_guessed = false;
  int same = 0;
  while (same < shorter && frames[same].pc == Address(addresses[same])) {
    is_guessed |= frames[same].kind == HL_NODE_GUESSED;
    ++same;
  }
  const bool is_cut_at_depth = state == WalkState::kMore;
  if (same == count && (same == address_count || is_cut_at_depth)) return;
  is_guessed |= same < count && frames[same].kind == HL_NODE_GUESSED;
  // Where no rule covers our last frame libunwind guesses on by itself.
  is_guessed |= same == count && count > 0 && state == WalkState::kCut &&
                RuleOf(frames[count - 1]).kind == RuleKind::kNoCfi;
  if (is_guessed) {
    Count(&counts.guessed);
  } else if (same < shorter) {
    Count(&counts.wrong);
  } else {
    Count(same == count ? &counts.shorter : &counts.longer);
  }
}

}  // namespace

NodeId CaptureByLibunwind(ThreadState* thread, const StackWalk& walk,
                          CaptureMode mode, int depth) {
  void* on_stack[kAddressesOnStack];
  void** addresses = on_stack;
  int capacity = kAddressesOnStack;
  if (mode == CaptureMode::kOutermost) {
    addresses = AddressBuffer(thread, depth + kOwnFrames);
    capacity = depth + kOwnFrames;
  }
  const NodeId base = BaseNode(thread, walk, mode);
  int count = 0;
  if (addresses != nullptr) {
    count = LibunwindBacktrace(thread, addresses, capacity);
  }
  const int first = FirstCallerFrame(addresses, count, walk.registers.pc);
  if (first == count) return OuterNode(thread, base, WalkState::kCut);
  const bool is_full = count == capacity;
  count = WithoutHidden(addresses + first, count - first);
  const bool is_whole = !is_full && count <= depth;
  const NodeId node =
      OuterNode(thread, base, is_whole ? WalkState::kWhole : WalkState::kMore);
  return AddAddresses(mode == CaptureMode::kOutermost ? thread : nullptr, node,
                      addresses + first, count < depth ? count : depth);
}

void CheckStack(ThreadState* thread, const WalkedFrame* frames, int count,
                WalkState state, NodeId node) {
  thread->captures += 1;
  if (thread->captures % tracer.options.check != 0 || count == 0) return;
  // Room for some frames more than ours, so that a stack that we ended early
  // shows.
  const int capacity = count + 2 * kOwnFrames;
  void** addresses = AddressBuffer(thread, capacity);
  if (addresses == nullptr) return;
  const int found = LibunwindBacktrace(thread, addresses, capacity);
  const int first = FirstCallerFrame(addresses, found, frames[0].pc);
  if (first == found) return;
  Count(&counts.stacks);
  if (node != kDroppedNode && !IsPath(node, frames, count)) {
    Count(&counts.wrong);
    return;
  }
  Compare(frames, count, state, addresses + first,
          WithoutHidden(addresses + first, found - first));
}

CheckCounts ChecksSoFar() {
  CheckCounts copy;
  copy.stacks = __atomic_load_n(&counts.stacks, __ATOMIC_RELAXED);
  copy.wrong = __atomic_load_n(&counts.wrong, __ATOMIC_RELAXED);
  copy.shorter = __atomic_load_n(&counts.shorter, __ATOMIC_RELAXED);
  copy.longer = __atomic_load_n(&counts.longer, __ATOMIC_RELAXED);
  copy.guessed = __atomic_load_n(&counts.guessed, __ATOMIC_RELAXED);
  return copy;
}

}  // namespace heapline

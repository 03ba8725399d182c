#include "preload/capture.h"

#include "preload/capture_libunwind.h"
#include "preload/capture_nodes.h"
#include "preload/libunwind_oracle.h"
#include "preload/loaded_object.h"
#include "preload/message.h"
#include "preload/modules.h"
#include "preload/pages.h"
#include "preload/readable_memory.h"
#include "preload/stack_walk.h"
#include "preload/tracer.h"

namespace heapline {

// A thread's frames, innermost first, in a mapping of its own: the hook's
// stack has no room for them.
struct CaptureMemory {
  size_t mapped_bytes;
  void** addresses;  // AddressBuffer's
  int address_capacity;
  WalkedFrame frames[];
};

namespace {

constexpr int kDeepest = 1 << 20;
constexpr size_t kFirstMemoryBytes = 2 * kPageBytes;
// Frames that a nested capture, or one without memory, keeps at once.
constexpr int kFramesOnStack = 40;

bool can_unwind;

int Depth() {
  const uint64_t depth = tracer.options.depth;
  return depth < kDeepest ? static_cast<int>(depth) : kDeepest;
}

int CapacityOf(const CaptureMemory& memory) {
  return static_cast<int>((memory.mapped_bytes - sizeof(CaptureMemory)) /
                          sizeof(WalkedFrame));
}

// Makes room for more frames than now; those kept so far stay. False: no
// memory.
bool GrowMemory(ThreadState* thread, int kept) {
  CaptureMemory* old = thread->capture_memory;
  const size_t bytes =
      old == nullptr ? kFirstMemoryBytes : old->mapped_bytes * 4;
  auto* fresh =
      static_cast<CaptureMemory*>(MapPages(bytes, PageUse::kEssential));
  if (fresh == nullptr) return false;
  fresh->mapped_bytes = bytes;
  if (old != nullptr) {
    fresh->addresses = old->addresses;
    fresh->address_capacity = old->address_capacity;
    for (int i = 0; i < kept; ++i) fresh->frames[i] = old->frames[i];
  }
  thread->capture_memory = fresh;
  if (old != nullptr) UnmapPages(old, old->mapped_bytes);
  return true;
}

// Walks to the outermost frame or to `depth` into the thread's memory.
int CollectFrames(ThreadState* thread, StackWalk* walk, int depth) {
  int count = 0;
  while (walk->state == WalkState::kMore && count < depth) {
    CaptureMemory* memory = thread->capture_memory;
    if (memory == nullptr || count == CapacityOf(*memory)) {
      if (!GrowMemory(thread, count)) break;
      memory = thread->capture_memory;
    }
    const int capacity = CapacityOf(*memory);
    count += WalkFurther(walk, memory->frames + count,
                         (capacity < depth ? capacity : depth) - count);
  }
  return count;
}

StackWalk WalkFrom(CallerContext caller, ReadableWindow* window,
                   ThreadState* cache) {
  return BeginWalk({caller.return_address(), caller.sp(), caller.bp(), false},
                   window, cache);
}

// Without memory for the frames: the stack is walked anew for each group of
// frames, the outermost group first.
NodeId CaptureInGroups(ThreadState* thread, CallerContext caller, NodeId base,
                       int depth) {
  ReadableWindow window = {};
  WalkedFrame frames[kFramesOnStack];
  StackWalk walk = WalkFrom(caller, &window, nullptr);
  int total = 0;
  while (walk.state == WalkState::kMore && total < depth) {
    const int left = depth - total;
    total += WalkFurther(&walk, frames,
                         left < kFramesOnStack ? left : kFramesOnStack);
  }
  NodeId node = OuterNode(thread, base, walk.state);
  if (total == 0) return node;
  for (int first = (total - 1) / kFramesOnStack * kFramesOnStack; first >= 0;
       first -= kFramesOnStack) {
    walk = WalkFrom(caller, &window, nullptr);
    int count = 0;
    for (int walked = 0; walked <= first; walked += kFramesOnStack) {
      const int left = total - walked;
      count = WalkFurther(&walk, frames,
                          left < kFramesOnStack ? left : kFramesOnStack);
    }
    node = AddFrames(nullptr, node, frames, count);
    if (node == kDroppedNode) return node;
  }
  return node;
}

NodeId CaptureNested(ThreadState* thread, CallerContext caller) {
  ReadableWindow window = {};
  const StackWalk walk = WalkFrom(caller, &window, nullptr);
  const NodeId base = BaseNode(thread, walk, CaptureMode::kNested);
  return CaptureInGroups(thread, caller, base, Depth());
}

void ForgetThreadRules(ThreadState* thread, uint64_t generation) {
  for (ThreadState::RuleSlot& slot : thread->rules) slot = {};
  thread->rule_generation = generation;
}

NodeId CaptureByRules(ThreadState* thread, CallerContext caller) {
  const uint64_t generation = RuleGeneration();
  if (__builtin_expect(thread->rule_generation != generation, 0)) {
    ForgetThreadRules(thread, generation);
  }
  const int depth = Depth();
  KeepWindow(&thread->window, caller.sp() - sizeof(uintptr_t));
  StackWalk walk = WalkFrom(caller, &thread->window, thread);
  const NodeId base = BaseNode(thread, walk, CaptureMode::kOutermost);
  const int count = CollectFrames(thread, &walk, depth);
  if (__builtin_expect(walk.state == WalkState::kMore && count < depth, 0)) {
    return CaptureInGroups(thread, caller, base, depth);
  }
  // What a walk that came to nothing has read need not be a stack.
  if (__builtin_expect(walk.state == WalkState::kCut, 0)) {
    KeepWindow(&thread->window, 0);
  }
  const WalkedFrame* frames =
      count == 0 ? nullptr : thread->capture_memory->frames;
  const NodeId node = NodeOfWalk(thread, OuterNode(thread, base, walk.state),
                                 walk, frames, count);
  if (__builtin_expect(tracer.options.check != 0, 0)) {
    CheckStack(thread, frames, count, walk.state, node);
  }
  return node;
}

}  // namespace

bool InitializeCapture() {
  InitializeReadableMemory();
  InitializeModules();
  can_unwind = InitializeRules();
  if (!can_unwind && tracer.options.unwinder == Unwinder::kCfi &&
      tracer.options.depth != 0) {
    Say(Severity::kError,
        "unwinder=cfi: this libc has no _dl_find_object (glibc 2.35): call "
        "stacks are not recorded; set unwinder=libunwind");
  }
  // The shim's own text is that of the module this code is in, unless it was
  // linked into the program.
  LoadedObject self;
  if (FindLoadedObject(reinterpret_cast<uintptr_t>(&InitializeCapture),
                       &self) &&
      self.name[0] != 0) {
    HideFrames(self.start, self.end);
  }
  return true;
}

NodeId CaptureStack(ThreadState* thread, CallerContext caller,
                    CaptureMode mode) {
  if (thread == nullptr) mode = CaptureMode::kNested;
  if (__builtin_expect(tracer.options.unwinder == Unwinder::kLibunwind, 0) &&
      thread != nullptr && thread->unrecorded == 0 && LibunwindIsLoaded() &&
      tracer.options.depth != 0) {
    ReadableWindow window = {};
    StackWalk walk = WalkFrom(caller, &window, nullptr);
    return CaptureByLibunwind(thread, walk, mode, Depth());
  }
  if (__builtin_expect(!can_unwind || tracer.options.depth == 0, 0)) {
    ReadableWindow window = {};
    StackWalk nowhere = WalkFrom(caller, &window, nullptr);
    nowhere.state = WalkState::kCut;
    const NodeId base = BaseNode(thread, nowhere, mode);
    return SpecialNode(base, HL_SPECIAL_NO_STACK);
  }
  return __builtin_expect(mode == CaptureMode::kOutermost, 1)
             ? CaptureByRules(thread, caller)
             : CaptureNested(thread, caller);
}

void EnsureThreadNode(ThreadState* thread, CallerContext caller) {
  KeepWindow(&thread->window, caller.sp() - sizeof(uintptr_t));
  StackWalk walk = WalkFrom(caller, &thread->window, nullptr);
  if (!can_unwind || tracer.options.depth == 0) walk.state = WalkState::kCut;
  BaseNode(thread, walk, CaptureMode::kOutermost);
}

void** AddressBuffer(ThreadState* thread, int capacity) {
  if (thread->capture_memory == nullptr && !GrowMemory(thread, 0)) {
    return nullptr;
  }
  CaptureMemory* memory = thread->capture_memory;
  if (memory->address_capacity >= capacity) return memory->addresses;
  const size_t bytes = static_cast<size_t>(capacity) * 2 * sizeof(void*);
  auto* fresh = static_cast<void**>(MapPages(bytes, PageUse::kEssential));
  if (fresh == nullptr) return nullptr;
  if (memory->addresses != nullptr) {
    UnmapPages(memory->addresses, memory->address_capacity * sizeof(void*));
  }
  memory->addresses = fresh;
  memory->address_capacity = capacity * 2;
  return fresh;
}

int WalkStack(const UnwindRegisters& from, ReadableWindow* window,
              ThreadState* rule_cache, WalkedFrame* frames, int capacity,
              bool* is_whole) {
  StackWalk walk = BeginWalk(from, window, rule_cache);
  const int count = WalkFurther(&walk, frames, capacity);
  *is_whole = walk.state == WalkState::kWhole ||
              (walk.state == WalkState::kMore && walk.registers.pc == 0);
  return count;
}

}  // namespace heapline

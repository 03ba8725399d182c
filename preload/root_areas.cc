#include "preload/root_areas.h"

#include "preload/modules.h"
#include "preload/pages.h"
#include "preload/program_notes.h"
#include "preload/thread_memory.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

// Below its stack pointer a function may keep this much.
constexpr uintptr_t kRedZoneBytes = 128;

bool IsAlive(const StoppedWorld& world, uintptr_t thread_pointer) {
  for (size_t i = 0; i < world.count; ++i) {
    if (world.threads[i].thread_pointer == thread_pointer) return true;
  }
  return false;
}

// Whether a thread whose thread pointer nobody could tell stands on this stack.
bool HoldsUnknownThread(const StoppedWorld& world, const Range& stack) {
  for (size_t i = 0; i < world.count; ++i) {
    const StoppedThread& thread = world.threads[i];
    if (thread.thread_pointer == 0 && stack.contains(thread.sp)) return true;
  }
  return false;
}

// The part around `address`, which lies in no module. Where the mapping of the
// loader touches the data of a library, which may be ours, the kernel shows
// both as one.
Range BetweenModules(const MapEntry& mapping, uintptr_t address) {
  Range part = {mapping.start, mapping.end};
  const size_t count = ModuleCount();
  for (size_t i = 0; i < count; ++i) {
    const Module& module = ModuleAt(i);
    if ((module.flags & HL_MODULE_UNLOADED) != 0) continue;
    const uintptr_t end = WholePages(module.end);
    if (end <= address && end > part.start) part.start = end;
    if (module.start > address && module.start < part.end) {
      part.end = module.start;
    }
  }
  return part;
}

}  // namespace

void RootAreas::Add(HlRootKind kind, uint32_t owner, uintptr_t start,
                    uintptr_t end) {
  if (start < end) areas_.Append({kind, owner, start, end});
}

bool RootAreas::Find(const StoppedWorld& world, const LeaderFrame& leader,
                     bool is_complete) {
  FindHeapMemory(is_complete);
  AddModules();
  for (size_t i = 0; i < world.count; ++i) {
    AddThread(world.threads[i], i == 0 ? &leader : nullptr);
  }
  AddLoaderMemory();
  AddDeadThreads(world);
  AddRegions();
  if (OwnRangesAreKnown()) AddOtherMappings();
  return !areas_.lacks_memory() && !taken_.lacks_memory() &&
         !forbidden_.lacks_memory() && !untraced_.lacks_memory();
}

void RootAreas::FindHeapMemory(bool is_complete) {
  RangeList own;
  ForEachOwnRange([&](uintptr_t start, uintptr_t end) {
    own.Add(start, end);
    forbidden_.Add(start, end);
  });
  own.Sort();
  for (size_t i = 0; i < heap_.ranges().count(); ++i) {
    const Range& range = heap_.ranges().at(i);
    forbidden_.Add(range.start, range.end);
    if (is_complete) continue;
    own.ForEachGap(
        range.start, range.end,
        [this](uintptr_t start, uintptr_t end) { untraced_.Add(start, end); });
  }
  forbidden_.Sort();
  untraced_.Sort();
}

// Writable data of each module but ours.
void RootAreas::AddModules() {
  const uintptr_t own = reinterpret_cast<uintptr_t>(&tracer);
  const size_t count = ModuleCount();
  for (size_t i = 0; i < count; ++i) {
    const Module& module = ModuleAt(i);
    if ((module.flags & HL_MODULE_UNLOADED) != 0) continue;
    const uintptr_t end = WholePages(module.end);
    taken_.Add(module.start, end);
    if (own >= module.start && own < module.end) continue;
    for (size_t at = map_.FirstEndingAfter(module.start);
         at < map_.count() && map_.at(at).start < end; ++at) {
      const MapEntry& mapping = map_.at(at);
      if (!mapping.is_private_data()) continue;
      Add(HL_ROOT_GLOBAL, 0,
          mapping.start > module.start ? mapping.start : module.start,
          mapping.end < end ? mapping.end : end);
    }
  }
}

// What the loader mapped before there was a malloc holds the main thread's TLS,
// and records of its own that lead to those of libraries loaded later.
void RootAreas::AddLoaderMemory() {
  const uintptr_t thread_pointer = MainThreadPointer();
  if (!IsThreadPointer(map_, thread_pointer)) return;
  const Range loaders =
      BetweenModules(map_.FindOrEmpty(thread_pointer), thread_pointer);
  const ThreadMemory main = ThreadMemoryOf(map_, blocks_, thread_pointer);
  Add(HL_ROOT_GLOBAL, 0, loaders.start, main.tls.start);
  Add(HL_ROOT_GLOBAL, 0, main.descriptor.end, loaders.end);
  taken_.Add(loaders.start, loaders.end);
}

void RootAreas::AddThread(const StoppedThread& thread,
                          const LeaderFrame* leader) {
  ThreadMemory memory = {};
  const uint32_t tid = static_cast<uint32_t>(thread.tid);
  if (IsThreadPointer(map_, thread.thread_pointer)) {
    memory = ThreadMemoryOf(map_, blocks_, thread.thread_pointer);
    Add(HL_ROOT_TLS, tid, memory.tls.start, memory.tls.end);
    Add(HL_ROOT_THREAD, tid, memory.descriptor.start, memory.descriptor.end);
    if (thread.thread_pointer != MainThreadPointer()) {
      taken_.Add(memory.stack.start, memory.descriptor.end);
    }
  }
  if (leader != nullptr && leader->kind == LeaderFrame::Kind::kNone) return;
  if (leader != nullptr && leader->kind == LeaderFrame::Kind::kFound) {
    AddStack(thread, leader->sp, leader->sp, memory.stack);
  } else if ((thread.flags & HL_THREAD_NOT_STOPPED) != 0) {
    // Nobody knows how far down it is by now.
    AddStack(thread, thread.sp, 0, memory.stack);
  } else {
    AddStack(thread, thread.sp, thread.sp - kRedZoneBytes, memory.stack);
  }
}

void RootAreas::AddStack(const StoppedThread& thread, uintptr_t sp,
                         uintptr_t from, Range own) {
  const uint32_t tid = static_cast<uint32_t>(thread.tid);
  const bool is_main = thread.thread_pointer == MainThreadPointer();
  for (size_t i = 0; is_main && i < map_.count(); ++i) {
    const MapEntry& mapping = map_.at(i);
    if (mapping.kind == MappingKind::kMainStack) {
      own = {mapping.start, mapping.end};
    }
  }
  if (own.contains(sp)) {
    Add(HL_ROOT_STACK, tid, from > own.start ? from : own.start, own.end);
    return;
  }
  Add(HL_ROOT_STACK, tid, own.start, own.end);
  const MapEntry* mapping = map_.Find(sp);
  if (mapping == nullptr || !mapping->is_readable()) return;
  Extent block;
  if (blocks_.Find(sp, &block) && sp - block.start < block.bytes) {
    Add(HL_ROOT_STACK, tid, from > block.start ? from : block.start,
        block.start + block.bytes);
    return;
  }
  if (from < mapping->start) from = mapping->start;
  forbidden_.ForEachGap(from, mapping->end,
                        [&](uintptr_t start, uintptr_t end) {
                          Add(HL_ROOT_STACK, tid, start, end);
                        });
  // What lies below may be another stack.
  taken_.Add(from, mapping->end);
}

void RootAreas::AddDeadThreads(const StoppedWorld& world) {
  for (const ThreadState* state = FirstThreadState(); state != nullptr;
       state = state->next) {
    AddDeadThread(world, state->thread_pointer);
  }
  // A state may have passed to another thread since.
  for (size_t i = 0; i < map_.count(); ++i) {
    AddDeadThread(world, ThreadPointerAtEnd(map_, map_.at(i)));
  }
}

// Its stack and TLS are nobody's. The vector of its TLS blocks is libc's own,
// kept with the stack for the next thread.
void RootAreas::AddDeadThread(const StoppedWorld& world,
                              uintptr_t thread_pointer) {
  if (thread_pointer == 0 || thread_pointer == MainThreadPointer() ||
      IsAlive(world, thread_pointer) ||
      !IsThreadPointer(map_, thread_pointer)) {
    return;
  }
  const ThreadMemory memory = ThreadMemoryOf(map_, blocks_, thread_pointer);
  if (HoldsUnknownThread(world, memory.stack)) return;
  constexpr uintptr_t kVectorOffset = 8;
  Add(HL_ROOT_THREAD, 0, thread_pointer + kVectorOffset,
      thread_pointer + kVectorOffset + sizeof(uintptr_t));
  taken_.Add(memory.stack.start, memory.descriptor.end);
}

void RootAreas::AddRegions() {
  ForEachRootRegion([this](const RootRegion& region) {
    const uintptr_t end = region.start + region.bytes;
    if (end <= region.start) return;
    Add(HL_ROOT_REGION, 0, region.start, end);
    taken_.Add(region.start, end);
  });
}

// Whatever else a program keeps data in: regions of its own, heaps of
// run-time systems, stacks of coroutines that do not run.
void RootAreas::AddOtherMappings() {
  taken_.Sort();
  for (size_t i = 0; i < map_.count(); ++i) {
    const MapEntry& mapping = map_.at(i);
    if (!mapping.is_private_data() || mapping.kind == MappingKind::kMainStack) {
      continue;
    }
    taken_.ForEachGap(mapping.start, mapping.end,
                      [this](uintptr_t start, uintptr_t end) {
                        forbidden_.ForEachGap(
                            start, end, [this](uintptr_t low, uintptr_t high) {
                              Add(HL_ROOT_MAPPING, 0, low, high);
                            });
                      });
  }
}

}  // namespace heapline

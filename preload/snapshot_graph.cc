#include "preload/snapshot_graph.h"

#include "preload/clock.h"
#include "preload/edge_scan.h"
#include "preload/heap_memory.h"
#include "preload/known_blocks.h"
#include "preload/late_registers.h"
#include "preload/leader_frame.h"
#include "preload/memory_map.h"
#include "preload/readable_runs.h"
#include "preload/root_areas.h"
#include "preload/root_scan.h"

namespace heapline {
namespace {

LeaderFrame FrameOfLeader(const StoppedThread& leader, LeaderPlace place) {
  // In a handler its registers are known, as those of any other thread.
  if (leader.registers != nullptr || place == LeaderPlace::kInHook) {
    return {LeaderFrame::Kind::kUnknown, leader.sp, {}};
  }
  return place == LeaderPlace::kAtExit ? FindExitFrame(leader.sp)
                                       : FindProgramFrame(leader.sp);
}

// Registers that have not come by then stay unknown.
void AwaitHeldThreads(const StoppedWorld& world) {
  uint64_t patience_ns = 300 * uint64_t{1000000};
  for (size_t i = 0; i < world.count; ++i) {
    StoppedThread* thread = &world.threads[i];
    if (thread->late == nullptr) continue;
    if (!AwaitLateRegisters(thread->late, world.number, &patience_ns)) {
      thread->late = nullptr;
      continue;
    }
    thread->sp = thread->late->general[kDwarfRsp].value;
    thread->thread_pointer = thread->late->thread_pointer;
  }
}

bool Write(SectionWriter* out, SectionWriter* beside, const StoppedWorld& world,
           LeaderPlace place, bool is_complete, GraphSums* sums) {
  MemoryMap map;
  if (!map.Read()) return false;
  HeapMemory heap(map);
  KnownBlocks blocks;
  if (!blocks.Build(
          [&](const Extent& block) { heap.Note(block.start, block.bytes); })) {
    return false;
  }
  for (size_t i = 0; i < blocks.pool_blocks().count(); ++i) {
    heap.NoteMapping(blocks.pool_blocks()[i].start);
  }
  if (!heap.Finish()) return false;
  ReadableRuns runs(map);
  EdgeSums edges;
  if (!WriteEdges(out, beside, &blocks, &runs, map, &edges)) return false;
  // Last, so that they have time.
  AwaitHeldThreads(world);
  const LeaderFrame leader = FrameOfLeader(world.threads[0], place);
  RootAreas areas(map, blocks, heap);
  if (!areas.Find(world, leader, is_complete)) return false;
  const RootSums roots =
      WriteRoots(out, beside, world, leader, areas, &blocks, &runs);
  sums->roots = roots.roots;
  sums->edges = edges.edges;
  sums->object_words = edges.object_words;
  sums->unreadable_bytes = roots.unreadable_bytes + edges.unreadable_bytes;
  return true;
}

}  // namespace

GraphSums WriteGraph(SectionWriter* out, int descriptor,
                     const StoppedWorld& world, LeaderPlace place,
                     bool is_complete) {
  const uint64_t began_ns = MonotonicNs();
  GraphSums sums = {};
  SectionWriter beside;
  if (!beside.Initialize(descriptor)) return sums;
  sums.is_whole = Write(out, &beside, world, place, is_complete, &sums);
  out->Join(beside);
  beside.Release();
  sums.scan_ns = MonotonicNs() - began_ns;
  return sums;
}

}  // namespace heapline

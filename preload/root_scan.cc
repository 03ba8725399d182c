#include "preload/root_scan.h"

#include "preload/heap_memory.h"
#include "preload/late_registers.h"
#include "preload/loaded_object.h"
#include "preload/lookup_batch.h"
#include "preload/next.h"
#include "preload/readable_memory.h"
#include "preload/readable_words.h"
#include "preload/thread_registers.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

// Where a word stands that may be a root.
struct Source {
  HlRootKind kind;
  uint32_t owner;
  uintptr_t place;  // address, or register number
};

// The data of the libc whose malloc is wrapped; empty where it is another's.
Range AllocatorData() {
  LoadedObject object;
  if (!tracer.next_is_libc ||
      !FindLoadedObject(reinterpret_cast<uintptr_t>(next::malloc), &object)) {
    return {0, 0};
  }
  return {object.start, object.end};
}

// Writes the records of ROOTS.
class RootList {
 public:
  explicit RootList(SectionWriter* out)
      : out_(out), allocator_data_(AllocatorData()) {}

  void Put(const Source& source, uintptr_t word, uintptr_t block) {
    if (source.kind == HL_ROOT_GLOBAL && IsAllocators(source, word, block)) {
      return;
    }
    if (out_->MakeRoom(5 * kVarintBytes)) {
      source_ = 0;
      block_ = 0;
    }
    out_->Number(source.kind);
    out_->Number(source.owner);
    out_->Signed(static_cast<int64_t>(source.place - source_));
    out_->Signed(static_cast<int64_t>(block - block_) >>
                 HL_BLOCK_ALIGNMENT_SHIFT);
    out_->Number(word - block);
    out_->CountRecord();
    source_ = source.place;
    block_ = block;
    ++count_;
  }
  uint64_t count() const { return count_; }

 private:
  // malloc's own pointers to the chunk behind a block fall into the block: its
  // last 8 bytes overlap that chunk's header.
  bool IsAllocators(const Source& source, uintptr_t word,
                    uintptr_t block) const {
    return allocator_data_.contains(source.place) && word != block &&
           KernelCanRead(block - kWordBytes) && word == NextChunkOf(block);
  }

  SectionWriter* out_;
  const Range allocator_data_;
  uintptr_t source_ = 0;
  uintptr_t block_ = 0;
  uint64_t count_ = 0;
};

class Scan {
 private:
  auto Emit() {
    return [this](const Source& source, uintptr_t word, uintptr_t start) {
      roots_.Put(source, word, start);
    };
  }

 public:
  Scan(SectionWriter* roots, SectionWriter* told, KnownBlocks* blocks,
       ReadableRuns* runs)
      : told_(told),
        blocks_(*blocks),
        runs_(*runs),
        batch_(*blocks),
        roots_(roots) {}

  void Run(const StoppedWorld& world, const LeaderFrame& leader,
           const RootAreas& areas) {
    for (size_t i = 0; i < areas.count(); ++i) {
      ScanArea(areas.at(i), areas.forbidden());
    }
    for (size_t i = 0; i < world.count; ++i) {
      ScanRegisters(world.threads[i], i == 0 ? &leader : nullptr);
    }
    PutBlocksInFlight(world);
    ScanOutsideOfBlocks(areas.untraced());
    batch_.Flush(Emit());
  }
  RootSums sums() const { return {roots_.count(), unreadable_bytes_}; }

 private:
  void Look(const Source& source, uintptr_t word) {
    if (blocks_.reach().contains(word)) batch_.Push(word, source, Emit());
  }

  // Returns the bytes that could not be read.
  uint64_t ScanRange(HlRootKind kind, uint32_t owner, uintptr_t start,
                     uintptr_t end) {
    start = (start + kWordBytes - 1) & ~(kWordBytes - 1);
    end &= ~(kWordBytes - 1);
    if (start >= end) return 0;
    const Reach reach = blocks_.reach();
    return runs_.ForEach(start, end, [&](uintptr_t low, uintptr_t high) {
      for (uintptr_t at = low; at < high; at += kWordBytes) {
        const uintptr_t word = WordAt(at);
        if (reach.contains(word)) {
          batch_.Push(word, Source{kind, owner, at}, Emit());
        }
      }
    });
  }

  void Tell(const RootArea& area, uint64_t scanned, uint64_t unreadable) {
    told_->MakeRoom(5 * kVarintBytes);
    told_->Number(area.kind);
    told_->Number(area.owner);
    told_->Number(area.start);
    told_->Number(scanned - unreadable);
    told_->Number(unreadable);
    told_->CountRecord();
    unreadable_bytes_ += unreadable;
  }

  void ScanArea(const RootArea& area, const RangeList& forbidden) {
    if (area.kind != HL_ROOT_GLOBAL) {
      Tell(area, area.end - area.start,
           ScanRange(area.kind, area.owner, area.start, area.end));
      return;
    }
    forbidden.ForEachGap(
        area.start, area.end, [&](uintptr_t start, uintptr_t end) {
          Tell({area.kind, area.owner, start, end}, end - start,
               ScanRange(area.kind, area.owner, start, end));
        });
  }

  void ScanRegisters(const StoppedThread& thread, const LeaderFrame* leader) {
    const uint32_t owner = static_cast<uint32_t>(thread.tid);
    if (leader != nullptr && leader->kind == LeaderFrame::Kind::kNone) return;
    if (leader != nullptr && leader->kind == LeaderFrame::Kind::kFound) {
      for (const RegisterValue& value : leader->registers) {
        Look({HL_ROOT_REGISTER, owner, value.number}, value.value);
      }
      Look({HL_ROOT_REGISTER, owner, kDwarfRsp}, leader->sp);
      return;
    }
    if (thread.late != nullptr) {
      ScanLateRegisters(owner, *thread.late);
      return;
    }
    if (thread.registers == nullptr) {
      Look({HL_ROOT_REGISTER, owner, kDwarfRsp}, thread.sp);
      return;
    }
    RegisterValue general[kGeneralRegisters];
    ReadGeneralRegisters(thread.registers, general);
    for (const RegisterValue& value : general) {
      Look({HL_ROOT_REGISTER, owner, value.number}, value.value);
    }
    for (int part = 0; part < kVectorParts; ++part) {
      ScanVectorPart(owner, thread.registers, part);
    }
  }

  void ScanVectorPart(uint32_t owner, const void* context, int part) {
    VectorPart words;
    if (!FindVectorPart(context, part, &words)) return;
    ScanVectorWords(owner, words.words, words.count);
  }

  void ScanVectorWords(uint32_t owner, const uintptr_t* words, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      // Beyond sixteen the processor's own layout begins.
      const uint32_t number = static_cast<uint32_t>(i / kVectorPartWords);
      Look({HL_ROOT_REGISTER, owner, kDwarfXmm0 + (number < 16 ? number : 0)},
           words[i]);
    }
  }

  void ScanLateRegisters(uint32_t owner, const LateRegisters& late) {
    for (const RegisterValue& value : late.general) {
      Look({HL_ROOT_REGISTER, owner, value.number}, value.value);
    }
    size_t used = 0;
    for (const size_t count : late.vector_words) {
      ScanVectorWords(owner, late.vectors + used, count);
      used += count;
    }
  }

  void PutBlocksInFlight(const StoppedWorld& world) {
    for (size_t i = 0; i < world.count; ++i) {
      const StoppedThread& thread = world.threads[i];
      const ThreadState* state = ThreadStateOf(thread.tid);
      if (state == nullptr || state->guard == 0) continue;
      const Source source = {HL_ROOT_STACK, static_cast<uint32_t>(thread.tid),
                             thread.sp & ~(kWordBytes - 1)};
      Look(source, state->in_flight.old_address);
      Look(source, state->in_flight.new_address);
    }
  }

  // The ranges, less the blocks that lie in them.
  void ScanOutsideOfBlocks(const RangeList& ranges) {
    if (ranges.count() == 0) return;
    size_t index = 0;
    uintptr_t at = ranges.at(0).start;
    uint64_t scanned = 0;
    uint64_t unreadable = 0;
    const auto scan_to = [&](uintptr_t end) {
      if (at >= end) return;
      scanned += end - at;
      unreadable += ScanRange(HL_ROOT_UNTRACED, 0, at, end);
      at = end;
    };
    const auto finish_range = [&] {
      const Range& range = ranges.at(index);
      scan_to(range.end);
      Tell({HL_ROOT_UNTRACED, 0, range.start, range.end}, scanned, unreadable);
      scanned = 0;
      unreadable = 0;
      if (++index < ranges.count()) at = ranges.at(index).start;
    };
    blocks_.ForEachHeapBlock([&](const Extent& block, bool) {
      while (index < ranges.count() && ranges.at(index).end <= block.start) {
        finish_range();
      }
      if (index == ranges.count() || block.start < ranges.at(index).start) {
        return;
      }
      scan_to(block.start);
      const uintptr_t end = block.start + block.bytes;
      if (end > at) at = end;
    });
    while (index < ranges.count()) finish_range();
  }

  SectionWriter* told_;
  KnownBlocks& blocks_;
  ReadableRuns& runs_;
  LookupBatch<Source> batch_;
  RootList roots_;
  uint64_t unreadable_bytes_ = 0;
};

}  // namespace

RootSums WriteRoots(SectionWriter* roots, SectionWriter* told,
                    const StoppedWorld& world, const LeaderFrame& leader,
                    const RootAreas& areas, KnownBlocks* blocks,
                    ReadableRuns* runs) {
  Scan scan(roots, told, blocks, runs);
  roots->Begin(HL_SECTION_ROOTS);
  told->Begin(HL_SECTION_ROOT_AREAS);
  scan.Run(world, leader, areas);
  roots->End();
  told->End();
  return scan.sums();
}

}  // namespace heapline

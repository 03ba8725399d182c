#include "preload/edge_scan.h"

#include "preload/lookup_ring.h"
#include "preload/modules.h"
#include "preload/range_list.h"
#include "preload/readable_words.h"
#include "preload/type_names.h"

namespace heapline {
namespace {

// Writes the records of EDGES.
class EdgeList {
 public:
  explicit EdgeList(SectionWriter* out) : out_(out) {}

  void Put(uintptr_t from, uintptr_t offset, uintptr_t to, uintptr_t place) {
    if (out_->MakeRoom(4 * kVarintBytes)) {
      from_ = kNone;
      to_ = 0;
    }
    const bool has_from = from != from_;
    const uint64_t words = (has_from ? offset : offset - offset_) / kWordBytes;
    const bool is_interior = place != 0;
    out_->Number(words << 2 | (has_from ? 2u : 0u) | (is_interior ? 1u : 0u));
    if (has_from) {
      out_->Number((from - (from_ == kNone ? 0 : from_)) >>
                   HL_BLOCK_ALIGNMENT_SHIFT);
    }
    out_->Signed(static_cast<int64_t>(to - to_) >> HL_BLOCK_ALIGNMENT_SHIFT);
    if (is_interior) out_->Number(place);
    out_->CountRecord();
    ++count_;
    from_ = from;
    offset_ = offset;
    to_ = to;
  }
  uint64_t count() const { return count_; }

 private:
  static constexpr uintptr_t kNone = 1;  // no block starts there

  SectionWriter* out_;
  uintptr_t from_ = kNone;
  uintptr_t offset_ = 0;
  uintptr_t to_ = 0;
  uint64_t count_ = 0;
};

// Writes the records of OBJECT_WORDS.
class ObjectWordList {
 public:
  explicit ObjectWordList(SectionWriter* out) : out_(out) {}

  void PutModule(uintptr_t block, uint64_t index, uintptr_t address) {
    Begin(block, index, HL_WORD_MODULE);
    out_->Signed(static_cast<int64_t>(address - address_));
    address_ = address;
  }
  void PutCounts(uintptr_t block, uint64_t index, uintptr_t word) {
    Begin(block, index, HL_WORD_COUNTS);
    out_->Number(word & 0xffffffff);
    out_->Number(word >> 32);
  }
  uint64_t count() const { return count_; }

 private:
  void Begin(uintptr_t block, uint64_t index, uint64_t kind) {
    if (out_->MakeRoom(4 * kVarintBytes)) {
      block_ = 0;
      address_ = 0;
    }
    const bool has_block = block != block_;
    out_->Number(index << 3 | (has_block ? 4u : 0u) | kind);
    if (has_block) {
      out_->Number((block - block_) >> HL_BLOCK_ALIGNMENT_SHIFT);
    }
    block_ = block;
    out_->CountRecord();
    ++count_;
  }

  SectionWriter* out_;
  uintptr_t block_ = 0;
  uintptr_t address_ = 0;
  uint64_t count_ = 0;
};

// Where the loaded modules are. Most words that are asked about point into the
// heap, far from all modules: a bit for each 64 MiB sends them away.
class ModuleRanges {
 public:
  ModuleRanges() {
    regions_ =
        static_cast<uint64_t*>(MapPages(kRegions / 8, PageUse::kEssential));
    const size_t count = ModuleCount();
    for (size_t i = 0; i < count; ++i) {
      const Module& module = ModuleAt(i);
      if ((module.flags & HL_MODULE_UNLOADED) == 0) Add(module);
    }
    ranges_.Sort();
  }
  ~ModuleRanges() {
    if (regions_ != nullptr) UnmapPages(regions_, kRegions / 8);
  }
  ModuleRanges(const ModuleRanges&) = delete;
  ModuleRanges& operator=(const ModuleRanges&) = delete;

  bool lacks_memory() const {
    return regions_ == nullptr || ranges_.lacks_memory();
  }
  bool Contain(uintptr_t word) const {
    const uintptr_t region = word >> kRegionShift;
    return region < kRegions &&
           (regions_[region / 64] >> (region % 64) & 1) != 0 &&
           ranges_.Contains(word);
  }

 private:
  static constexpr int kRegionShift = 26;
  static constexpr size_t kRegions = size_t{1} << (47 - kRegionShift);

  void Add(const Module& module) {
    if (regions_ == nullptr || module.start >= module.end ||
        module.end >> kRegionShift >= kRegions) {
      return;
    }
    ranges_.Add(module.start, module.end);
    uintptr_t region = module.start >> kRegionShift;
    for (; region <= module.end >> kRegionShift; ++region) {
      regions_[region / 64] |= uint64_t{1} << (region % 64);
    }
  }

  uint64_t* regions_;
  RangeList ranges_;
};

// REQUIRES: word != 0.
inline bool MayBeCounts(uintptr_t word) {
  constexpr uintptr_t kTooLarge =
      ~(uintptr_t{HL_MAX_COUNT - 1} << 32 | uintptr_t{HL_MAX_COUNT - 1});
  return (word & kTooLarge) == 0;
}

class Scan {
 private:
  struct Source {
    uintptr_t from;
    uintptr_t offset;
  };
  auto Emit() {
    return [this](const Source& source, uintptr_t word, uintptr_t start) {
      edges_.Put(source.from, source.offset, start, word - start);
    };
  }

 public:
  Scan(SectionWriter* edges, SectionWriter* words, KnownBlocks* blocks,
       ReadableRuns* runs, const MemoryMap& map)
      : blocks_(*blocks),
        runs_(*runs),
        type_names_(map),
        ring_(*blocks),
        edges_(edges),
        words_(words) {}

  bool lacks_memory() const { return modules_.lacks_memory(); }

  void Run() {
    blocks_.ForEachHeapBlock([this](const Extent& block, bool) {
      if (__builtin_expect(pool_at_ < blocks_.pool_blocks().count(), 0)) {
        ScanPoolBlocksBelow(block.start);
        ScanAroundPoolBlocks(block);
      } else {
        ScanPart(block.start, block.start, block.start + block.bytes);
      }
    });
    ScanPoolBlocksBelow(~uintptr_t{0});
    ring_.Flush(Emit());
  }
  void WriteTypeNames(SectionWriter* out) { type_names_.Write(out); }
  EdgeSums sums() const {
    return {edges_.count(), words_.count(), unreadable_bytes_};
  }

 private:
  // The words in [start, end) of the block at `from`.
  void ScanPart(uintptr_t from, uintptr_t start, uintptr_t end) {
    start = (start + kWordBytes - 1) & ~(kWordBytes - 1);
    end &= ~(kWordBytes - 1);
    if (start >= end) return;
    unreadable_bytes_ += runs_.ForEach(
        start, end,
        [&](uintptr_t low, uintptr_t high) { ScanWords(from, low, high); });
  }

  void ScanWords(uintptr_t from, uintptr_t low, uintptr_t high) {
    const uintptr_t told_end = from + HL_OBJECT_WORDS * kWordBytes;
    const uintptr_t first_end = high < told_end ? high : told_end;
    for (; low < first_end; low += kWordBytes) ScanFirstWord(from, low, high);
    const Reach reach = blocks_.reach();
    for (; low < high; low += kWordBytes) {
      if (reach.contains(WordAt(low))) Push(from, low);
    }
  }

  __attribute__((always_inline)) void ScanFirstWord(uintptr_t from,
                                                    uintptr_t at,
                                                    uintptr_t high) {
    const uintptr_t word = WordAt(at);
    if (word == 0) return;
    if (MayBeCounts(word) && !IsBlockAddress(word)) {
      words_.PutCounts(from, (at - from) / kWordBytes, word);
      if (word <= UINT32_MAX && at + 2 * kWordBytes <= high) {
        NoteObject(from, at, high);
      }
    } else if (modules_.Contain(word)) {
      words_.PutModule(from, (at - from) / kWordBytes, word);
    } else if (blocks_.reach().contains(word)) {
      Push(from, at);
    }
  }

  // A CPython object: its count of references stands here, its type behind it.
  void NoteObject(uintptr_t from, uintptr_t at, uintptr_t high) {
    constexpr uintptr_t kFurthest = 4 * kWordBytes;  // behind what is managed
    if (at - from > kFurthest || (at - from) % (2 * kWordBytes) != 0) return;
    const uintptr_t type = WordAt(at + kWordBytes);
    if (modules_.Contain(type)) {
      type_names_.NoteTypedByModule(at, type, high - at);
    } else if (blocks_.reach().contains(type)) {
      type_names_.NoteTypedByBlock(at, type, high - at);
    }
  }

  // Addresses just above a multiple of 4 GiB look like two counts.
  bool IsBlockAddress(uintptr_t word) const {
    Extent block;
    return blocks_.reach().contains(word) && blocks_.Find(word, &block);
  }

  // Not inlined: the loops around it stay in registers.
  __attribute__((noinline)) void Push(uintptr_t from, uintptr_t at) {
    ring_.Push(WordAt(at), Source{from, at - from}, Emit());
  }

  void ScanPoolBlocksBelow(uintptr_t address) {
    const GrowingArray<Extent>& pools = blocks_.pool_blocks();
    for (; pool_at_ < pools.count() && pools[pool_at_].start < address;
         ++pool_at_) {
      const Extent& pool = pools[pool_at_];
      ScanPart(pool.start, pool.start, pool.start + pool.bytes);
    }
  }

  // A container's own words: those that no pool block in it has. One that
  // starts where the container does has its name, and is scanned with it.
  void ScanAroundPoolBlocks(const Extent& block) {
    const GrowingArray<Extent>& pools = blocks_.pool_blocks();
    const uintptr_t end = block.start + block.bytes;
    uintptr_t at = block.start;
    if (pool_at_ < pools.count() && pools[pool_at_].start == block.start) {
      ++pool_at_;
    }
    for (size_t i = pool_at_; i < pools.count() && pools[i].start < end; ++i) {
      if (pools[i].start > at) ScanPart(block.start, at, pools[i].start);
      const uintptr_t pool_end = pools[i].start + pools[i].bytes;
      if (pool_end > at) at = pool_end;
    }
    if (at < end) ScanPart(block.start, at, end);
  }

  KnownBlocks& blocks_;
  ReadableRuns& runs_;
  ModuleRanges modules_;
  TypeNames type_names_;
  LookupRing<Source> ring_;
  EdgeList edges_;
  ObjectWordList words_;
  size_t pool_at_ = 0;  // the first pool block not scanned yet
  uint64_t unreadable_bytes_ = 0;
};

}  // namespace

bool WriteEdges(SectionWriter* edges, SectionWriter* words, KnownBlocks* blocks,
                ReadableRuns* runs, const MemoryMap& map, EdgeSums* sums) {
  Scan scan(edges, words, blocks, runs, map);
  if (scan.lacks_memory()) return false;
  edges->Begin(HL_SECTION_EDGES);
  words->Begin(HL_SECTION_OBJECT_WORDS);
  scan.Run();
  edges->End();
  words->End();
  scan.WriteTypeNames(words);
  *sums = scan.sums();
  return true;
}

}  // namespace heapline

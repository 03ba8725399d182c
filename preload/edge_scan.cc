#include "preload/edge_scan.h"

#include "preload/edge_lists.h"
#include "preload/lookup_batch.h"
#include "preload/modules.h"
#include "preload/range_list.h"
#include "preload/readable_words.h"
#include "preload/type_names.h"
#include "preload/word_line.h"

namespace heapline {
namespace {

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
        plausible_(0, (uintptr_t{HL_MAX_COUNT} << 32) - 1),
        within_reach_(FilterOf(blocks->reach())),
        batch_(*blocks),
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
    batch_.Flush(Emit());
  }
  void WriteTypeNames(SectionWriter* out) { type_names_.Write(out); }
  EdgeSums sums() const {
    return {edges_.count(), words_.count(), unreadable_bytes_};
  }

 private:
  static WordFilter FilterOf(const Reach& reach) {
    return {reach.lowest, reach.lowest + reach.span};
  }

  // The words in [start, end) of the block at `from`.
  void ScanPart(uintptr_t from, uintptr_t start, uintptr_t end) {
    start = (start + kWordBytes - 1) & ~(kWordBytes - 1);
    end &= ~(kWordBytes - 1);
    if (start >= end) return;
    unreadable_bytes_ += runs_.ForEach(
        start, end,
        [&](uintptr_t low, uintptr_t high) { ScanWords(from, low, high); });
  }

  // No memory is asked for ahead: the child meets each page for the first time,
  // and processors drop what would have to mark a page as used.
  void ScanWords(uintptr_t from, uintptr_t low, uintptr_t high) {
    const uintptr_t told_end = from + HL_OBJECT_WORDS * kWordBytes;
    const uintptr_t first_end = high < told_end ? high : told_end;
    uintptr_t copy[kLineWords];
    if (low < first_end) {
      const size_t count = (first_end - low) / kWordBytes;
      const uintptr_t* const line = LineAt(low, count, copy);
      unsigned words = plausible_.NonzeroWordsOf(line) & FirstWords(count);
      for (; words != 0; words &= words - 1) {
        ScanFirstWord(from, low + LowestOf(words) * kWordBytes, high);
      }
      low = first_end;
    }
    const Reach reach = blocks_.reach();
    while (low < high) {
      const size_t left = (high - low) / kWordBytes;
      const size_t count = left < kLineWords ? left : kLineWords;
      const uintptr_t* const line = LineAt(low, count, copy);
      unsigned words = within_reach_.WordsOf(line) & FirstWords(count);
      for (; words != 0; words &= words - 1) {
        const uintptr_t at = low + LowestOf(words) * kWordBytes;
        if (reach.contains(WordAt(at))) Push(from, at);
      }
      low += kLineBytes;
    }
  }

  static size_t LowestOf(unsigned words) {
    return static_cast<size_t>(__builtin_ctz(words));
  }

  // REQUIRES: the word at `at` is not 0.
  __attribute__((always_inline)) void ScanFirstWord(uintptr_t from,
                                                    uintptr_t at,
                                                    uintptr_t high) {
    const uintptr_t word = WordAt(at);
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

  void Push(uintptr_t from, uintptr_t at) {
    batch_.Push(WordAt(at), Source{from, at - from}, Emit());
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
  const WordFilter plausible_;     // counts, and all addresses
  const WordFilter within_reach_;  // addresses of blocks
  LookupBatch<Source> batch_;
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

#include "preload/snapshot_blocks.h"

#include <fcntl.h>

#include "preload/heap_totals.h"
#include "preload/mapped_regions.h"
#include "preload/pages.h"
#include "preload/program_notes.h"
#include "preload/sys.h"
#include "preload/thread_state.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

constexpr size_t kBlockRecordBytes = 4 * kVarintBytes;

// Tells pages of ours that were ever written from holes, by /proc/self/pagemap.
// Where that cannot be read every page counts as written.
class PageMap {
 public:
  PageMap()
      : descriptor_(static_cast<int>(
            sys::OpenAt(AT_FDCWD, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC))),
        words_(static_cast<uint64_t*>(
            MapPages(kWords * sizeof(uint64_t), PageUse::kEssential))) {}
  ~PageMap() {
    if (descriptor_ >= 0) sys::Close(descriptor_);
    if (words_ != nullptr) UnmapPages(words_, kWords * sizeof(uint64_t));
  }
  PageMap(const PageMap&) = delete;
  PageMap& operator=(const PageMap&) = delete;

  // LiveTable::ForEach's is_touched.
  void MarkTouched(const void* first, size_t pages, uint64_t* bits) const {
    const uintptr_t page = reinterpret_cast<uintptr_t>(first) / kPageBytes;
    for (size_t done = 0; done < pages; done += kWords) {
      const size_t count = pages - done < kWords ? pages - done : kWords;
      const bool is_known = Read(page + done, count);
      for (size_t i = 0; i < count; ++i) {
        if (!is_known || (words_[i] & kPresentOrSwapped) != 0) {
          bits[(done + i) / 64] |= uint64_t{1} << ((done + i) % 64);
        }
      }
    }
  }

 private:
  static constexpr size_t kWords = 4096;
  static constexpr uint64_t kPresentOrSwapped = uint64_t{3} << 62;

  bool Read(uintptr_t page, size_t count) const {
    if (descriptor_ < 0 || words_ == nullptr) return false;
    const size_t bytes = count * sizeof(uint64_t);
    return sys::Call(SYS_pread64, descriptor_, sys::Arg(words_),
                     sys::Arg(bytes), sys::Arg(page * sizeof(uint64_t))) ==
           static_cast<long>(bytes);
  }

  int descriptor_;
  uint64_t* words_;
};

// Writes one list of blocks by ascending address.
class BlockList {
 public:
  BlockList(SectionWriter* out, const BlockBounds& bounds)
      : out_(out), bounds_(bounds) {}

  void Put(uintptr_t address, uint64_t bytes, NodeId node, Epoch epoch) {
    if (node > bounds_.last_node) node = HL_SPECIAL_UNKNOWN;
    if (epoch > bounds_.last_epoch) epoch = bounds_.last_epoch;
    if (out_->MakeRoom(kBlockRecordBytes)) previous_ = 0;
    out_->Number((address - previous_) >> HL_BLOCK_ALIGNMENT_SHIFT);
    out_->Number(bytes);
    out_->Number(node);
    out_->Number(epoch);
    out_->CountRecord();
    previous_ = address;
  }

 private:
  SectionWriter* out_;
  const BlockBounds bounds_;
  uintptr_t previous_ = 0;
};

// Ascending addresses of the pool blocks, to tell which heap blocks are
// containers.
class PoolAddresses {
 public:
  PoolAddresses(const PageMap& map, uint64_t count) : capacity_(count) {
    if (count == 0) return;
    addresses_ = static_cast<uintptr_t*>(
        MapPages(count * sizeof(uintptr_t), PageUse::kEssential));
    if (addresses_ == nullptr) return;
    pool_blocks.ForEach(
        [&](const void* first, size_t pages, uint64_t* bits) {
          map.MarkTouched(first, pages, bits);
        },
        [&](const LiveBlock& block) {
          if (count_ < capacity_) addresses_[count_++] = block.address;
        });
  }
  ~PoolAddresses() {
    if (addresses_ != nullptr) {
      UnmapPages(addresses_, capacity_ * sizeof(uintptr_t));
    }
  }
  PoolAddresses(const PoolAddresses&) = delete;
  PoolAddresses& operator=(const PoolAddresses&) = delete;

  bool lacks_memory() const { return capacity_ != 0 && addresses_ == nullptr; }

  // Whether a pool block starts in [start, start + bytes). REQUIRES: `start`
  // never falls from one question to the next.
  bool IsContainer(uintptr_t start, uint64_t bytes) {
    while (at_ < count_ && addresses_[at_] < start) ++at_;
    return at_ < count_ && addresses_[at_] - start < bytes;
  }

 private:
  size_t capacity_;
  uintptr_t* addresses_ = nullptr;
  size_t count_ = 0;
  size_t at_ = 0;
};

// Blocks that a thread stopped inside a hook had taken out of the table, or
// not yet put into it; sorted by address.
class InFlightBlocks {
 public:
  InFlightBlocks() {
    size_t threads = 0;
    for (const ThreadState* thread = FirstThreadState(); thread != nullptr;
         thread = thread->next) {
      threads += thread->guard != 0;
    }
    if (threads == 0) return;
    capacity_ = threads * 2;
    blocks_ = static_cast<LiveBlock*>(
        MapPages(capacity_ * sizeof(LiveBlock), PageUse::kEssential));
    if (blocks_ == nullptr) return;
    for (const ThreadState* thread = FirstThreadState(); thread != nullptr;
         thread = thread->next) {
      if (thread->guard == 0) continue;
      const InFlight& in_flight = thread->in_flight;
      Add(in_flight.old_address, in_flight.old_bytes, in_flight.old_node);
      Add(in_flight.new_address, in_flight.new_bytes, HL_SPECIAL_UNKNOWN);
    }
  }
  ~InFlightBlocks() {
    if (blocks_ != nullptr) UnmapPages(blocks_, capacity_ * sizeof(LiveBlock));
  }
  InFlightBlocks(const InFlightBlocks&) = delete;
  InFlightBlocks& operator=(const InFlightBlocks&) = delete;

  bool lacks_memory() const { return capacity_ != 0 && blocks_ == nullptr; }

  // The next one below `address`, or NULL.
  const LiveBlock* TakeBelow(uintptr_t address) {
    if (at_ == count_ || blocks_[at_].address >= address) return nullptr;
    return &blocks_[at_++];
  }

 private:
  void Add(uintptr_t address, uint64_t bytes, NodeId node) {
    if (address == 0 || count_ == capacity_) return;
    if (tracer.blocks.Find(address).is_live()) return;  // it is in the table
    size_t place = count_;
    while (place > 0 && blocks_[place - 1].address >= address) --place;
    if (place < count_ && blocks_[place].address == address) return;
    for (size_t i = count_; i > place; --i) blocks_[i] = blocks_[i - 1];
    blocks_[place] = LiveBlock{address, bytes, node, CurrentEpochOfCut()};
    ++count_;
  }
  static Epoch CurrentEpochOfCut() {
    // The cut has begun the next epoch already.
    const Epoch epoch = CurrentEpoch();
    return epoch > 0 ? static_cast<Epoch>(epoch - 1) : epoch;
  }

  LiveBlock* blocks_ = nullptr;
  size_t capacity_ = 0;
  size_t count_ = 0;
  size_t at_ = 0;
};

bool WriteHeapBlocks(SectionWriter* out, const BlockBounds& bounds,
                     const PageMap& map, PoolAddresses* pools,
                     BlockSums* sums) {
  InFlightBlocks in_flight;
  if (in_flight.lacks_memory()) return false;
  out->Begin(HL_SECTION_BLOCKS);
  BlockList list(out, bounds);
  const auto count = [&](const LiveBlock& block) {
    sums->heap_bytes += block.requested_bytes;
    sums->heap_count += 1;
    if (pools->IsContainer(block.address, block.requested_bytes)) {
      sums->container_bytes += block.requested_bytes;
      sums->container_count += 1;
    }
    if (block.node == kUnsampledNode) return;
    list.Put(block.address, block.requested_bytes, block.node, block.epoch);
    sums->written_blocks += 1;
  };
  const auto count_in_flight_below = [&](uintptr_t address) {
    while (const LiveBlock* block = in_flight.TakeBelow(address)) {
      sums->in_flight_bytes += block->requested_bytes;
      sums->in_flight_count += 1;
      count(*block);
    }
  };
  tracer.blocks.ForEach(
      [&](const void* first, size_t pages, uint64_t* bits) {
        map.MarkTouched(first, pages, bits);
      },
      [&](const LiveBlock& block) {
        count_in_flight_below(block.address);
        count(block);
      });
  count_in_flight_below(~uintptr_t{0});
  out->End();
  return true;
}

void WritePoolBlocks(SectionWriter* out, const BlockBounds& bounds,
                     const PageMap& map, BlockSums* sums) {
  if (!PoolsAreUsed()) return;
  out->Begin(HL_SECTION_POOL_BLOCKS);
  BlockList list(out, bounds);
  pool_blocks.ForEach(
      [&](const void* first, size_t pages, uint64_t* bits) {
        map.MarkTouched(first, pages, bits);
      },
      [&](const LiveBlock& block) {
        sums->pool_bytes += block.requested_bytes;
        sums->pool_count += 1;
        list.Put(block.address, block.requested_bytes, block.node, block.epoch);
      });
  out->End();
}

void WriteMappedRegions(SectionWriter* out, const BlockBounds& bounds,
                        BlockSums* sums) {
  out->Begin(HL_SECTION_MAPPED_REGIONS);
  BlockList list(out, bounds);
  const size_t count = MappedRegionCount();
  for (size_t i = 0; i < count; ++i) {
    const MappedRegion& region = MappedRegionAt(i);
    sums->mapped_bytes += region.end - region.start;
    sums->mapped_count += 1;
    list.Put(region.start, region.end - region.start, region.node,
             region.epoch);
  }
  out->End();
}

}  // namespace

bool WriteBlocks(SectionWriter* out, const BlockBounds& bounds,
                 BlockSums* sums) {
  *sums = BlockSums();
  const PageMap map;
  // Pool blocks first: they say which heap blocks are containers.
  WritePoolBlocks(out, bounds, map, sums);
  PoolAddresses pools(map, sums->pool_count);
  if (pools.lacks_memory() ||
      !WriteHeapBlocks(out, bounds, map, &pools, sums)) {
    return false;
  }
  WriteMappedRegions(out, bounds, sums);
  return true;
}

}  // namespace heapline

#include "preload/snapshot_blocks.h"

#include "preload/heap_blocks.h"
#include "preload/mapped_regions.h"
#include "preload/page_map.h"
#include "preload/pages.h"
#include "preload/program_notes.h"
#include "preload/tracer.h"

namespace heapline {
namespace {

constexpr size_t kBlockRecordBytes = 4 * kVarintBytes;

// Writes one list of blocks by ascending address.
class BlockList {
 public:
  BlockList(SectionWriter* out, const BlockBounds& bounds)
      : out_(out), bounds_(bounds) {}

  void Put(uintptr_t address, uint64_t bytes, NodeId node, Epoch epoch) {
    if (node > bounds_.last_node) node = HL_SPECIAL_UNKNOWN;
    if (epoch > bounds_.last_epoch) epoch = bounds_.last_epoch;
    if (out_->MakeRoom(kBlockRecordBytes)) previous_ = 0;
    unsigned char* at = out_->at();
    at = PutVarint(at, (address - previous_) >> HL_BLOCK_ALIGNMENT_SHIFT);
    at = PutVarint(at, bytes);
    at = PutVarint(at, node);
    out_->EndRecord(PutVarint(at, epoch));
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

bool WriteHeapBlocks(SectionWriter* out, const BlockBounds& bounds,
                     const PageMap& map, PoolAddresses* pools,
                     BlockSums* sums) {
  InFlightBlocks in_flight;
  if (in_flight.lacks_memory()) return false;
  out->Begin(HL_SECTION_BLOCKS);
  BlockList list(out, bounds);
  ForEachHeapBlock(
      map, &in_flight, [&](const LiveBlock& block, bool is_in_flight) {
        sums->heap_bytes += block.requested_bytes;
        sums->heap_count += 1;
        if (is_in_flight) {
          sums->in_flight_bytes += block.requested_bytes;
          sums->in_flight_count += 1;
        }
        if (pools->IsContainer(block.address, block.requested_bytes)) {
          sums->container_bytes += block.requested_bytes;
          sums->container_count += 1;
        }
        if (block.node == kUnsampledNode) return;
        list.Put(block.address, block.requested_bytes, block.node, block.epoch);
        sums->written_blocks += 1;
      });
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

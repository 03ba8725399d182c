#include "preload/mapped_regions.h"

#include "preload/hook.h"
#include "preload/pages.h"
#include "preload/record.h"

namespace heapline {
namespace {

constexpr size_t kMaxRegions = 1u << 16;

MappedRegion* regions;  // kMaxRegions, in pages made by the first region
size_t region_count;
uint32_t lock;

class RegionLock {
 public:
  RegionLock() {
    for (int i = 0; i < 100000 && !is_held_; ++i) {
      is_held_ = __atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE) == 0;
      if (!is_held_) __builtin_ia32_pause();
    }
  }
  ~RegionLock() {
    if (is_held_) __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
  }
  bool is_held() const { return is_held_; }

 private:
  bool is_held_ = false;
};

uintptr_t PageEnd(uintptr_t start, size_t bytes) {
  return (start + bytes + kPageBytes - 1) & ~(kPageBytes - 1);
}

// First region that ends after `address`.
size_t FirstEndingAfter(uintptr_t address) {
  size_t low = 0;
  size_t high = region_count;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (regions[middle].end > address) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

bool InsertAt(size_t index, const MappedRegion& region) {
  if (region_count >= kMaxRegions) return false;
  __builtin_memmove(&regions[index + 1], &regions[index],
                    (region_count - index) * sizeof regions[0]);
  regions[index] = region;
  ++region_count;
  return true;
}

void RemoveAt(size_t index) {
  --region_count;
  __builtin_memmove(&regions[index], &regions[index + 1],
                    (region_count - index) * sizeof regions[0]);
}

// Takes [start, end) out of all regions; a region cut in its middle becomes
// two. False: no room for the second.
bool CutOut(uintptr_t start, uintptr_t end) {
  size_t i = FirstEndingAfter(start);
  while (i < region_count && regions[i].start < end) {
    MappedRegion& region = regions[i];
    if (region.start < start && region.end > end) {
      MappedRegion tail = region;
      tail.start = end;
      region.end = start;
      return InsertAt(i + 1, tail);
    }
    if (region.start < start) {
      region.end = start;
      ++i;
    } else if (region.end > end) {
      region.start = end;
      ++i;
    } else {
      RemoveAt(i);
    }
  }
  return true;
}

bool AddRegion(const MappedRegion& region) {
  if (regions == nullptr) {
    regions = static_cast<MappedRegion*>(
        MapPages(kMaxRegions * sizeof(MappedRegion), PageUse::kNodes));
    if (regions == nullptr) return false;
  }
  if (!CutOut(region.start, region.end)) return false;
  return InsertAt(FirstEndingAfter(region.start), region);
}

}  // namespace

void NoteMapped(uintptr_t start, size_t bytes, CallerContext caller,
                void* frame) {
  Hook hook(frame);
  if (!hook.is_active() || CurrentMode() != Mode::kTracing) return;
  const NodeId node =
      CaptureStack(hook.thread(), caller,
                   hook.thread()->guard == 1 ? CaptureMode::kOutermost
                                             : CaptureMode::kNested);
  RegionLock held;
  if (!held.is_held() ||
      !AddRegion({start, PageEnd(start, bytes), node, CurrentEpoch()})) {
    NoteDropped();
  }
}

void NoteUnmapped(uintptr_t start, size_t bytes, void* frame) {
  Hook hook(frame);
  if (!hook.is_active() || regions == nullptr) return;
  RegionLock held;
  if (!held.is_held() || !CutOut(start, PageEnd(start, bytes))) NoteDropped();
}

void NoteRemapped(uintptr_t old_start, size_t old_bytes, uintptr_t new_start,
                  size_t new_bytes, CallerContext caller, void* frame) {
  {
    Hook hook(frame);
    if (!hook.is_active() || regions == nullptr) return;
    RegionLock held;
    if (!held.is_held()) {
      NoteDropped();
      return;
    }
    const size_t index = FirstEndingAfter(old_start);
    const bool is_known =
        index < region_count && regions[index].start <= old_start;
    if (is_known) {
      MappedRegion moved = regions[index];
      moved.start = new_start;
      moved.end = PageEnd(new_start, new_bytes);
      if (!CutOut(old_start, PageEnd(old_start, old_bytes)) ||
          !AddRegion(moved)) {
        NoteDropped();
      }
      return;
    }
  }
  NoteMapped(new_start, new_bytes, caller, frame);
}

size_t MappedRegionCount() { return region_count; }
const MappedRegion& MappedRegionAt(size_t index) { return regions[index]; }

void ForgetMappedRegionsLock() { __atomic_store_n(&lock, 0, __ATOMIC_RELEASE); }

}  // namespace heapline

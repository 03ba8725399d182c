#include "preload/program_notes.h"

#include "preload/message.h"
#include "preload/pages.h"
#include "preload/tracer.h"

namespace heapline {

PoolTable pool_blocks;
RootRegion root_regions[kMaxRootRegions];
Expectation* expectations;

namespace {

uint32_t lock;
bool pools_are_used;

// Held for a few stores only. Another thread that holds it is waited for a
// little; a signal handler that interrupted the holder gives up.
class TryLock {
 public:
  TryLock() {
    for (int i = 0; i < 10000; ++i) {
      if (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE) == 0) {
        is_held_ = true;
        return;
      }
      __builtin_ia32_pause();
    }
  }
  ~TryLock() {
    if (is_held_) __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
  }
  bool is_held() const { return is_held_; }

 private:
  bool is_held_ = false;
};

}  // namespace

bool PoolsAreUsed() {
  return __atomic_load_n(&pools_are_used, __ATOMIC_ACQUIRE);
}

bool InitializePools() {
  if (PoolsAreUsed()) return true;
  TryLock held;
  if (!held.is_held()) return false;
  if (pools_are_used) return true;
  if (!pool_blocks.Initialize()) return false;
  __atomic_store_n(&pools_are_used, true, __ATOMIC_RELEASE);
  return true;
}

bool AddRootRegion(uintptr_t start, size_t bytes) {
  if (start == 0 || bytes == 0) return false;
  TryLock held;
  if (!held.is_held()) return false;
  RootRegion* empty = nullptr;
  for (RootRegion& region : root_regions) {
    if (region.start == start) {
      region.bytes = bytes;
      return true;
    }
    if (region.start == 0 && empty == nullptr) empty = &region;
  }
  if (empty == nullptr) return false;
  *empty = {start, bytes};
  return true;
}

bool RemoveRootRegion(uintptr_t start) {
  if (start == 0) return false;
  TryLock held;
  if (!held.is_held()) return false;
  for (RootRegion& region : root_regions) {
    if (region.start == start) {
      region = {0, 0};
      return true;
    }
  }
  return false;
}

bool IsUnmet(const Expectation& expectation) {
  return tracer.blocks.Find(expectation.address).bits() ==
         expectation.entry.bits();
}

bool AddExpectation(uintptr_t address, const char* label) {
  const Entry entry = tracer.blocks.Find(address);
  if (!entry.is_live()) return false;
  TryLock held;
  if (!held.is_held()) return false;
  if (expectations == nullptr) {
    expectations = static_cast<Expectation*>(
        MapPages(kMaxExpectations * sizeof(Expectation), PageUse::kNodes));
    if (expectations == nullptr) return false;
  }
  // A place that is free, whose block is dead by now, or that says the same.
  for (size_t i = 0; i < kMaxExpectations; ++i) {
    Expectation& place = expectations[i];
    if (place.address != 0 && place.address != address && IsUnmet(place)) {
      continue;
    }
    place.entry = entry;
    CopyText(place.label, sizeof place.label, label == nullptr ? "" : label);
    place.address = address;
    return true;
  }
  return false;
}

void ForgetProgramNotesLock() { __atomic_store_n(&lock, 0, __ATOMIC_RELEASE); }

}  // namespace heapline

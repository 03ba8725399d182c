#include "preload/live_table.h"

namespace heapline {

template <int kUnitShift>
bool BlockTable<kUnitShift>::Initialize() {
  top_ = static_cast<Leaf**>(
      MapPages(kTopEntries * sizeof(Leaf*), PageUse::kEssential));
  top_entries_ = top_ != nullptr ? kTopEntries : 0;
  return top_ != nullptr;
}

template <int kUnitShift>
bool BlockTable<kUnitShift>::GoesOnFromBefore(size_t top) const {
  const Leaf* before =
      top == 0 ? nullptr : __atomic_load_n(&top_[top - 1], __ATOMIC_ACQUIRE);
  if (before == nullptr) return false;
  for (size_t i = kLeafEntries - kEntriesAtEnd; i < kLeafEntries; ++i) {
    if (Load(&before->entries[i]) != 0) return true;
  }
  return false;
}

template <int kUnitShift>
typename BlockTable<kUnitShift>::Leaf* BlockTable<kUnitShift>::AddLeaf(
    uintptr_t address) {
  const size_t top = address >> kLeafShift;
  if (top >= kTopEntries || top_ == nullptr) return nullptr;
  Leaf* fresh = static_cast<Leaf*>(
      MapPagesHugeAligned(sizeof(Leaf), PageUse::kLiveTable));
  if (fresh == nullptr) return nullptr;
  if (GoesOnFromBefore(top)) AskForHugePages(fresh, sizeof(fresh->entries));
  Leaf* present = nullptr;
  if (__atomic_compare_exchange_n(&top_[top], &present, fresh, false,
                                  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    return fresh;
  }
  UnmapPages(fresh, sizeof(Leaf));
  return present;
}

template class BlockTable<5>;
template class BlockTable<4>;

}  // namespace heapline

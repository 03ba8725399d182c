// live_table.h: which blocks are live, by address. A two-level shadow of the
// address space: a top level of 2^21 pointers, each to a leaf that covers
// 64 MiB of addresses with one 8-byte entry per 32 bytes (heap; 16 for pools).
// Chunks of the allocator are at least 32 bytes apart, so a 32-byte unit holds
// at most one block's start; one bit of the entry keeps address bit 4.
//
//   address:  47 …………… 26 | 25 ………… 5 | 4 | 3210
//              top index    entry index  bit  0
//
// Sizes of 2^20 - 1 bytes and more do not fit an entry; they stand in the
// leaf's large_size, one word a MiB of addresses: two live blocks so large
// cannot start in the same MiB.
//
// Invariant: an entry is live iff its block is: it is cleared before the real
// free is called and set after the real malloc returned, so a block's address
// can never be in two hands. Thread-safe without locks: plain relaxed loads
// and stores; leaves are added by compare-and-swap and never given back.
#ifndef HEAPLINE_PRELOAD_LIVE_TABLE_H_
#define HEAPLINE_PRELOAD_LIVE_TABLE_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/pages.h"

namespace heapline {

using NodeId = uint32_t;  // a call-tree node, < 2^26; see call_tree.h
using Epoch = uint16_t;

// One entry: size 20 | node 26 | epoch 16 | address bit 4 | live. The size,
// which each free wants, takes a shift alone.
class Entry {
 public:
  static constexpr uint32_t kLargeSize = (1u << 20) - 1;
  constexpr Entry() : bits_(0) {}
  constexpr explicit Entry(uint64_t bits) : bits_(bits) {}
  // REQUIRES: size_field <= kLargeSize.
  constexpr Entry(uint64_t node_bits, uint64_t size_field, Epoch epoch,
                  uintptr_t address)
      : bits_(size_field << kSizeShift | node_bits | uint64_t{epoch} << 2 |
              (address >> 3 & 2)) {}
  // What all live entries of `node` have in common; not 0.
  static constexpr uint64_t NodeBits(NodeId node) {
    return uint64_t{node} << kNodeShift | 1;
  }
  constexpr uint64_t bits() const { return bits_; }
  constexpr bool is_live() const { return bits_ & 1; }
  constexpr uintptr_t address_bit4() const { return (bits_ >> 1 & 1) << 4; }
  // Live, and of the block at `address` (whose bits from 5 up chose the entry):
  // its low five bits are 0 where bits() ends in 01, and 16 where in 11.
  constexpr bool IsAt(uintptr_t address) const {
    return (address + 8 - (bits_ << 3)) % 32 == 0;
  }
  constexpr Epoch epoch() const { return static_cast<Epoch>(bits_ >> 2); }
  constexpr uint32_t size_field() const {
    return static_cast<uint32_t>(bits_ >> kSizeShift);
  }
  constexpr NodeId node() const {
    return static_cast<NodeId>(bits_ >> kNodeShift) & kMaxNode;
  }

 private:
  static constexpr int kNodeShift = 18;
  static constexpr int kSizeShift = 44;
  static constexpr NodeId kMaxNode = (1u << (kSizeShift - kNodeShift)) - 1;

  uint64_t bits_;
};

// A live block as the table tells it.
struct LiveBlock {
  uintptr_t address;
  uint64_t requested_bytes;
  NodeId node;
  Epoch epoch;
};

// kUnitShift: log2 of the least distance between two blocks' starts.
template <int kUnitShift>
class BlockTable {
 public:
  static constexpr int kLeafShift = 26;  // 64 MiB of addresses
  static constexpr size_t kTopEntries = size_t{1} << (47 - kLeafShift);
  static constexpr size_t kLeafEntries = size_t{1} << (kLeafShift - kUnitShift);
  static constexpr size_t kLargePerLeaf = size_t{1} << (kLeafShift - 20);

  struct Leaf {
    uint64_t entries[kLeafEntries];      // 16 MiB, Entry bits
    uint64_t large_size[kLargePerLeaf];  // valid where size_field is kLargeSize
  };

  // Maps the top level. False: no memory; nothing can be recorded.
  bool Initialize();

  // Records `address` as live. False: no room for its leaf (counted by the
  // caller as dropped), or an address no table of ours covers.
  bool Set(uintptr_t address, NodeId node, uint64_t size, Epoch epoch) {
    Leaf* leaf = LeafFor(address);
    if (__builtin_expect(leaf == nullptr, 0)) {
      leaf = AddLeaf(address);
      if (leaf == nullptr) return false;
    }
    if (__builtin_expect(size >= Entry::kLargeSize, 0)) {
      Store(&leaf->large_size[LargeIndex(address)], size);
      size = Entry::kLargeSize;
    }
    return SetIn(leaf, address, Entry::NodeBits(node), size, epoch);
  }

  // The common case of Set: false, and nothing is done, where there is no leaf
  // yet or the size does not fit an entry.
  bool SetInPlace(uintptr_t address, uint64_t node_bits, uint64_t size,
                  Epoch epoch) {
    Leaf* leaf = LeafFor(address);
    if (__builtin_expect(leaf == nullptr || size >= Entry::kLargeSize, 0)) {
      return false;
    }
    return SetIn(leaf, address, node_bits, size, epoch);
  }

  // What stands for `address`; not live when there is none.
  Entry Find(uintptr_t address) const {
    const Leaf* leaf = LeafFor(address);
    if (__builtin_expect(leaf == nullptr, 0)) return Entry();
    const Entry entry(Load(&leaf->entries[EntryIndex(address)]));
    return entry.IsAt(address) ? entry : Entry();
  }

  // Before a Find in a while. REQUIRES: there is a leaf for `address`.
  __attribute__((always_inline)) void Prefetch(uintptr_t address) const {
    __builtin_prefetch(&LeafFor(address)->entries[EntryIndex(address)]);
  }

  // Forgets `address`; *entry is what stood there. False: nothing did.
  bool Clear(uintptr_t address, Entry* entry) {
    Leaf* leaf = LeafFor(address);
    if (__builtin_expect(leaf == nullptr, 0)) return false;
    uint64_t* const word = &leaf->entries[EntryIndex(address)];
    *entry = Entry(Load(word));
    if (__builtin_expect(!entry->IsAt(address), 0)) return false;
    Store(word, 0);
    return true;
  }
  // The same; not live where nothing stood.
  Entry Clear(uintptr_t address) {
    Entry entry;
    return Clear(address, &entry) ? entry : Entry();
  }

  // The size recorded with an entry that Find or Clear returned.
  uint64_t SizeOf(uintptr_t address, Entry entry) const {
    if (__builtin_expect(entry.size_field() != Entry::kLargeSize, 1)) {
      return entry.size_field();
    }
    return Load(&LeafFor(address)->large_size[LargeIndex(address)]);
  }

  // Calls visit(LiveBlock) for each live block by ascending address.
  // is_touched(first, pages, bits): sets bit i of `bits` (zeroed before) where
  // page i from `first` was ever written; it spares the scan from touching,
  // and so allocating, what are still holes. REQUIRES: nobody writes (a
  // stopped process, or the snapshot's child).
  template <typename IsTouched, typename Visit>
  void ForEach(IsTouched is_touched, Visit visit) const {
    if (top_ == nullptr) return;
    uint64_t top_touched[kTopPages / 64] = {};
    is_touched(top_, kTopPages, top_touched);
    uint64_t touched[kLeafPages / 64];
    for (size_t top = 0; top < kTopEntries; ++top) {
      const size_t top_page = top / kEntriesPerPage;
      if ((top_touched[top_page / 64] >> (top_page % 64) & 1) == 0) {
        top += kEntriesPerPage - 1;
        continue;
      }
      const Leaf* leaf = top_[top];
      if (leaf == nullptr) continue;
      for (uint64_t& word : touched) word = 0;
      is_touched(leaf, kLeafPages, touched);
      for (size_t page = 0; page < kLeafPages; ++page) {
        if ((touched[page / 64] >> (page % 64) & 1) == 0) continue;
        VisitPage(*leaf, page * kEntriesPerPage, top << kLeafShift, visit);
      }
    }
  }

 private:
  static constexpr size_t kEntriesPerPage = kPageBytes / sizeof(uint64_t);
  static constexpr size_t kLeafPages = kLeafEntries / kEntriesPerPage;
  static constexpr size_t kTopPages = kTopEntries / kEntriesPerPage;
  // A leaf's end, in which a block must begin if the heap has got there.
  static constexpr size_t kEntriesAtEnd = 16 * kEntriesPerPage;

  // Which entries are live is as good as random: they are gathered first,
  // without a branch for each.
  template <typename Visit>
  void VisitPage(const Leaf& leaf, size_t first, uintptr_t leaf_start,
                 Visit visit) const {
    const uint64_t* const entries = leaf.entries + first;
    uint16_t live[kEntriesPerPage];
    size_t count = 0;
    for (size_t i = 0; i < kEntriesPerPage; ++i) {
      live[count] = static_cast<uint16_t>(i);
      count += entries[i] & 1;
    }
    for (size_t k = 0; k < count; ++k) {
      const Entry entry(entries[live[k]]);
      const uintptr_t address =
          leaf_start | (first + live[k]) << kUnitShift | entry.address_bit4();
      visit(LiveBlock{address, SizeOf(address, entry), entry.node(),
                      entry.epoch()});
    }
  }

  static uint64_t Load(const uint64_t* word) {
    return __atomic_load_n(word, __ATOMIC_RELAXED);
  }
  static void Store(uint64_t* word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
  }
  static size_t EntryIndex(uintptr_t address) {
    return address >> kUnitShift & (kLeafEntries - 1);
  }
  static size_t LargeIndex(uintptr_t address) {
    return address >> 20 & (kLargePerLeaf - 1);
  }
  Leaf* LeafFor(uintptr_t address) const {
    const size_t top = address >> kLeafShift;
    if (__builtin_expect(top >= top_entries_, 0)) return nullptr;
    return __atomic_load_n(&top_[top], __ATOMIC_ACQUIRE);
  }
  Leaf* AddLeaf(uintptr_t address);
  // A heap that has filled the leaf before to its end will fill this one too.
  // In huge pages a clone copies fewer page tables.
  bool GoesOnFromBefore(size_t top) const;
  static bool SetIn(Leaf* leaf, uintptr_t address, uint64_t node_bits,
                    uint64_t size_field, Epoch epoch) {
    Store(&leaf->entries[EntryIndex(address)],
          Entry(node_bits, size_field, epoch, address).bits());
    return true;
  }

  Leaf** top_;
  size_t top_entries_;  // kTopEntries, or 0 as long as there is no top level
};

using LiveTable = BlockTable<5>;  // the heap
using PoolTable = BlockTable<4>;  // blocks told through heapline_pool_alloc

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_LIVE_TABLE_H_

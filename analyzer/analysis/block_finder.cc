// Invariant: the table is never full, so a probe for a page that is not there
// ends at an empty slot.
#include "analyzer/analysis/block_finder.h"

#include <algorithm>

namespace heapline {
namespace {

constexpr int kPageShift = 12;
constexpr size_t kBatch = 64;  // lookups under way at once

}  // namespace

BlockFinder::BlockFinder(absl::Span<const uint64_t> addresses)
    : addresses_(addresses) {
  size_t pages = 0;
  uint64_t last = kNoPage;
  for (const uint64_t address : addresses) {
    if (address >> kPageShift != last) ++pages;
    last = address >> kPageShift;
  }
  int bits = 1;
  while ((size_t{1} << bits) < pages * 2) ++bits;
  pages_.resize(size_t{1} << bits);
  shift_ = 64 - bits;
  for (size_t i = 0; i < addresses.size();) {
    const uint64_t number = addresses[i] >> kPageShift;
    size_t end = i + 1;
    while (end < addresses.size() && addresses[end] >> kPageShift == number) {
      ++end;
    }
    size_t slot = Slot(number);
    while (pages_[slot].number != kNoPage) {
      slot = (slot + 1) & (pages_.size() - 1);
    }
    pages_[slot] = {number, static_cast<Vertex>(i),
                    static_cast<uint32_t>(end - i)};
    i = end;
  }
}

size_t BlockFinder::Slot(uint64_t page) const {
  // Fibonacci hashing: the high bits of a product depend on all of `page`.
  return static_cast<size_t>((page * UINT64_C(0x9e3779b97f4a7c15)) >> shift_);
}

const BlockFinder::Page& BlockFinder::PageOf(uint64_t address) const {
  const uint64_t number = address >> kPageShift;
  size_t slot = Slot(number);
  while (pages_[slot].number != number && pages_[slot].number != kNoPage) {
    slot = (slot + 1) & (pages_.size() - 1);
  }
  return pages_[slot];
}

Vertex BlockFinder::FindInPage(const Page& page, uint64_t address) const {
  if (page.count == 0) return kNoVertex;
  const uint64_t* base = addresses_.data() + page.first;
  // Without branches that depend on data: the last one <= address, if any.
  for (uint32_t length = page.count; length > 1;) {
    const uint32_t half = length / 2;
    base += base[half] <= address ? half : 0;
    length -= half;
  }
  return *base == address ? static_cast<Vertex>(base - addresses_.data())
                          : kNoVertex;
}

void BlockFinder::Find(absl::Span<const uint64_t> wanted,
                       absl::Span<Vertex> found) const {
  const Page* pages[kBatch];
  for (size_t start = 0; start < wanted.size(); start += kBatch) {
    const size_t count = std::min(kBatch, wanted.size() - start);
    for (size_t i = 0; i < count; ++i) {
      __builtin_prefetch(&pages_[Slot(wanted[start + i] >> kPageShift)]);
    }
    for (size_t i = 0; i < count; ++i) {
      pages[i] = &PageOf(wanted[start + i]);
      __builtin_prefetch(addresses_.data() + pages[i]->first +
                         pages[i]->count / 2);
    }
    for (size_t i = 0; i < count; ++i) {
      found[start + i] = FindInPage(*pages[i], wanted[start + i]);
    }
  }
}

}  // namespace heapline

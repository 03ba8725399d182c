// block_finder.h: which block starts at an address, for tens of millions of
// addresses in no order: a hash of the 4 KiB pages in which blocks start, and a
// search within the page. Batches hide the latency of memory.
//
// Invariant: 16 bytes for each page in which a block starts, at most twice as
// many slots; so no more than 64 bytes a block. `addresses` must outlive the
// finder. Thread-safe: immutable.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_BLOCK_FINDER_H_
#define HEAPLINE_ANALYZER_ANALYSIS_BLOCK_FINDER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/analysis/digraph.h"

namespace heapline {

class BlockFinder {
 public:
  // REQUIRES: ascending; equal ones may follow each other. At most
  // kMostVertices.
  explicit BlockFinder(absl::Span<const uint64_t> addresses);

  // found[i] is the last index whose address is wanted[i], or kNoVertex.
  // REQUIRES: found is as long as wanted.
  void Find(absl::Span<const uint64_t> wanted, absl::Span<Vertex> found) const;

 private:
  struct Page {
    uint64_t number = kNoPage;
    Vertex first = 0;    // the first that starts in the page
    uint32_t count = 0;  // how many do
  };
  static constexpr uint64_t kNoPage = UINT64_MAX;

  size_t Slot(uint64_t page) const;
  Vertex FindInPage(const Page& page, uint64_t address) const;
  const Page& PageOf(uint64_t address) const;

  absl::Span<const uint64_t> addresses_;
  std::vector<Page> pages_;  // open addressing; a power of two, half empty
  int shift_ = 0;            // 64 - log2(pages_.size())
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_BLOCK_FINDER_H_

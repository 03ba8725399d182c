// page_map.h: which pages of this process were ever written, by
// /proc/self/pagemap: reading a page that is still a hole would make the kernel
// fill it, and the snapshot's child has no memory to give away. Where the file
// cannot be read nothing is known. One user at a time; raw system calls only.
#ifndef HEAPLINE_PRELOAD_PAGE_MAP_H_
#define HEAPLINE_PRELOAD_PAGE_MAP_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

enum class PageState : uint8_t {
  kUnknown,
  kHole,     // never written, or as its file has it, or a guard
  kPresent,  // in memory
  kAway      // swapped out, or a page that faults for ever
};

class PageMap {
 public:
  PageMap();
  ~PageMap();
  PageMap(const PageMap&) = delete;
  PageMap& operator=(const PageMap&) = delete;

  // BlockTable::ForEach's is_touched; a page of which nothing is known counts
  // as touched.
  void MarkTouched(const void* first, size_t pages, uint64_t* bits) const;

  // Of the page at `address`. Pages up to `end` may be read ahead: cheap when
  // asked by ascending address.
  PageState StateAt(uintptr_t address, uintptr_t end);

 private:
  static constexpr size_t kWords = 4096;

  bool Read(uintptr_t page, size_t count) const;

  int descriptor_;
  uint64_t* words_;
  // What StateAt has read ahead: pages [first_, first_ + count_).
  uintptr_t first_ = 0;
  size_t count_ = 0;
  bool is_known_ = false;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_PAGE_MAP_H_

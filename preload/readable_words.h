// readable_words.h: single words of the program's memory that may be anywhere:
// followed pointers, fields of somebody else's structures. One is readable
// where the list of mappings says so and the kernel too, as guard pages stand
// inside of mappings. The kernel is asked once for words of one page after the
// other. One user; for a process where nobody else runs (memory_map.h), so that
// an answer stays true.
#ifndef HEAPLINE_PRELOAD_READABLE_WORDS_H_
#define HEAPLINE_PRELOAD_READABLE_WORDS_H_

#include <stdint.h>

#include "preload/memory_map.h"
#include "preload/pages.h"
#include "preload/readable_memory.h"

namespace heapline {

inline constexpr uintptr_t kWordBytes = sizeof(uintptr_t);

// REQUIRES: it is a multiple of 8, and can be read.
inline uintptr_t WordAt(uintptr_t address) {
  return *reinterpret_cast<const uintptr_t*>(address);
}

class ReadableWords {
 public:
  // `map` must outlive this.
  explicit ReadableWords(const MemoryMap& map) : map_(map) {}

  // Whether the page of `address` can be read.
  bool ContainPageOf(uintptr_t address) {
    const uintptr_t page = address & ~uintptr_t{kPageBytes - 1};
    if (page != page_) {
      const MapEntry* mapping = map_.Find(address);
      page_ = page;
      is_readable_ =
          mapping != nullptr && mapping->is_readable() && KernelCanRead(page);
    }
    return is_readable_;
  }

  // False: the word cannot be read, or `address` is no multiple of 8.
  bool TryRead(uintptr_t address, uintptr_t* word) {
    if (address % kWordBytes != 0 || !ContainPageOf(address)) return false;
    *word = WordAt(address);
    return true;
  }

 private:
  const MemoryMap& map_;
  uintptr_t page_ = 1;  // none
  bool is_readable_ = false;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_READABLE_WORDS_H_

// memory_map.h: this process's own mappings, for the search for references: the
// snapshot's child lacks some that its parent has, and may read what its own
// list says and nothing else. Sorted by address. Taken once, in a process where
// nobody else runs; mappings made later are not in it.
//
// Nor is what the child maps for itself: it stands where the program has
// nothing, or what children do not get, the kernel lists it as one with the
// program's memory beside it, and it goes while the list is in use. Bounded by
// the kernel's limit of mappings.
#ifndef HEAPLINE_PRELOAD_MEMORY_MAP_H_
#define HEAPLINE_PRELOAD_MEMORY_MAP_H_

#include <stddef.h>
#include <stdint.h>

#include "preload/growing_array.h"
#include "preload/range_list.h"

namespace heapline {

enum class MappingKind : uint8_t {
  kAnonymous,
  kHeap,       // what brk() gave
  kMainStack,  // of the process's first thread
  kFile,
  kSpecial  // the kernel's own: vvar, vsyscall
};

struct MapEntry {
  uintptr_t start;
  uintptr_t end;
  uint8_t flags;  // HL_MAPPING_…
  MappingKind kind;

  bool contains(uintptr_t address) const {
    return address - start < end - start;
  }
  bool is_readable() const;
  bool is_private_data() const;  // readable, writable, and nobody else's
};

class MemoryMap {
 public:
  // False: there is no list, or no memory for it. Once.
  bool Read();

  size_t count() const { return entries_.count(); }
  const MapEntry& at(size_t index) const { return entries_[index]; }
  // The first that ends after `address`, or count().
  size_t FirstEndingAfter(uintptr_t address) const;
  // The one that holds `address`, or NULL.
  const MapEntry* Find(uintptr_t address) const;
  // Of that one; an empty one where there is none.
  MapEntry FindOrEmpty(uintptr_t address) const;

 private:
  bool MakeRoom(RangeList* of_child);

  GrowingArray<MapEntry> entries_;
};

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_MEMORY_MAP_H_

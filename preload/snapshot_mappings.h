// snapshot_mappings.h: the process's mappings with what of each is resident,
// as the kernel tells it soon after the cut: the program may run again by
// then. Bounded by the kernel's limit of mappings; nothing where /proc is
// missing or the process is gone.
#ifndef HEAPLINE_PRELOAD_SNAPSHOT_MAPPINGS_H_
#define HEAPLINE_PRELOAD_SNAPSHOT_MAPPINGS_H_

#include <stdint.h>

#include "preload/growing_array.h"
#include "preload/section_writer.h"

namespace heapline {

// Data that the program has asked the kernel not to copy into children
// (MADV_DONTFORK, MADV_WIPEONFORK): the snapshot's child cannot search it.
struct UncopiedMapping {
  uint64_t start;
  uint64_t resident_bytes;
};

// Of process `pid`: the snapshot's child asks for its parent's, as its own
// page tables lack what a clone does not copy. Such data are added to
// `uncopied`.
void WriteMappings(SectionWriter* out, int32_t pid,
                   GrowingArray<UncopiedMapping>* uncopied);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_SNAPSHOT_MAPPINGS_H_

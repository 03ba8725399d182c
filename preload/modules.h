// modules.h: every executable or library that stacks may point into, those
// since unloaded included. A module is noted when the first rule inside it is
// made (cfi_rules) and, at a cut, from /proc/self/maps; the path is copied and
// the build-id read from its mapped program headers, because both are gone
// after dlclose. Append-only array; lock-free readers.
//
// Generation: the first module noted at a range has 0; a different one (other
// build-id, or other path where there is none) that later overlaps it gets the
// next number; the same one coming back gets its old number.
#ifndef HEAPLINE_PRELOAD_MODULES_H_
#define HEAPLINE_PRELOAD_MODULES_H_

#include <stddef.h>
#include <stdint.h>

namespace heapline {

struct Module {
  uintptr_t start;     // of the first mapped segment
  uintptr_t end;       // after the last
  intptr_t load_bias;  // run-time minus link-time address
  uint8_t generation;
  uint32_t flags;  // HL_MODULE_…
  uint8_t build_id_bytes;
  unsigned char build_id[32];
  const char* path;  // in pages of ours; "" when unknown
};

bool InitializeModules();

// The module that covers `address` now, noted if it is new; NULL when none
// does (JIT code) or there is no room. Uses _dl_find_object only.
const Module* NoteModuleAt(uintptr_t address);

// An unload may have happened: those noted that are gone are marked, their
// rules forgotten. Called after the real dlclose / __cxa_finalize.
void NoticeUnloads();

size_t ModuleCount();
const Module& ModuleAt(size_t index);

// Where the real functions come from: start of the module that contains
// `address`, or 0. For telling two allocators apart.
uintptr_t ModuleStart(uintptr_t address);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_MODULES_H_

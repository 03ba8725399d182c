// thread_memory.h: where a thread's stack, static TLS and descriptor lie, as
// its thread pointer tells. glibc puts them side by side:
//
//   [guard] stack … ◀── sp   | static TLS | TCB, struct pthread |
//                                         ▲ thread pointer
//
// The main thread's stack stands elsewhere. What the offsets inside of the
// descriptor are no header says and versions differ in: fields are known by
// what must stand in them. All memory is asked of the map before it is read.
#ifndef HEAPLINE_PRELOAD_THREAD_MEMORY_H_
#define HEAPLINE_PRELOAD_THREAD_MEMORY_H_

#include <stdint.h>

#include "preload/known_blocks.h"
#include "preload/memory_map.h"
#include "preload/range_list.h"

namespace heapline {

struct ThreadMemory {
  Range stack;       // empty for the main thread
  Range tls;         // static
  Range descriptor;  // from the thread pointer up
};

// Notes the main thread's. Called once, by the first hook's thread.
void InitializeThreadMemory();
uintptr_t MainThreadPointer();

// Whether a thread's descriptor stands, or stood, at `thread_pointer`.
bool IsThreadPointer(const MemoryMap& map, uintptr_t thread_pointer);

// The thread pointer of a thread, living or dead, whose stack, with all that
// lies above it, ends at the end of `mapping`; 0: there is none.
uintptr_t ThreadPointerAtEnd(const MemoryMap& map, const MapEntry& mapping);

// REQUIRES: IsThreadPointer(map, thread_pointer).
ThreadMemory ThreadMemoryOf(const MemoryMap& map, const KnownBlocks& blocks,
                            uintptr_t thread_pointer);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_THREAD_MEMORY_H_

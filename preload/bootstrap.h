// bootstrap.h: memory for what the loader and dlsym ask while the next
// allocator is not known yet. A static bump arena, then pages; never freed,
// recognised for ever. 16-byte aligned, sizes remembered. Thread-safe
// (atomic bump), though only the starting thread ever comes here.
#ifndef HEAPLINE_PRELOAD_BOOTSTRAP_H_
#define HEAPLINE_PRELOAD_BOOTSTRAP_H_

#include <stddef.h>

namespace heapline {

// Zeroed memory; `alignment` is a power of two. NULL: out of memory.
void* BootstrapAllocate(size_t bytes, size_t alignment);
bool IsBootstrapBlock(const void* block);
// REQUIRES: IsBootstrapBlock(block).
size_t BootstrapBlockBytes(const void* block);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_BOOTSTRAP_H_

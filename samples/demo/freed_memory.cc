// freed_memory.cc: the program's own operator delete, which fills what it frees
// as the runtime's allocators do. The next block there may be written in part,
// and would hold what the last owner knew: on half of all runs some lost island
// was kept by the tail of a string.
#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "samples/runtime/allocator.h"

void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  memset(block, runtime::kDeadByte, malloc_usable_size(block));
  // Written for whoever looks at memory, which no compiler can know.
  asm volatile("" : : "r"(block) : "memory");
  free(block);
}

void operator delete(void* block, std::size_t) noexcept {
  operator delete(block);
}

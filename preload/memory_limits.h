// memory_limits.h: how near the process is to the limits that would end it:
// its cgroup's memory.max (v2, ancestors included; v1's limit_in_bytes where
// that hierarchy is in use), RLIMIT_AS and RLIMIT_DATA. Reads /proc and
// /sys/fs/cgroup by raw system calls; opens a descriptor and closes it at once.
// One caller at a time (a try-lock; the second gets no answer).
#ifndef HEAPLINE_PRELOAD_MEMORY_LIMITS_H_
#define HEAPLINE_PRELOAD_MEMORY_LIMITS_H_

#include <stdint.h>

namespace heapline {

struct MemoryLimit {
  uint64_t limit_bytes;
  uint64_t used_bytes;  // page cache that can be dropped is not counted
};

// The limit that the process has used the largest part of. False: it has no
// limit, or none could be read.
bool FindNearestMemoryLimit(MemoryLimit* nearest);

// In a forked copy: whoever was looking is not here.
void ForgetMemoryLimitReader();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_MEMORY_LIMITS_H_

// clock.h: time without libc's clock_gettime (the program may define its own)
// and, where the kernel maps its vDSO, without a system call.
// Async-signal-safe; thread-safe.
#ifndef HEAPLINE_PRELOAD_CLOCK_H_
#define HEAPLINE_PRELOAD_CLOCK_H_

#include <stdint.h>

namespace heapline {

// `vdso` is AT_SYSINFO_EHDR's value, 0 for none. Called once at start.
void InitializeClock(uintptr_t vdso);

uint64_t MonotonicNs();
uint64_t CoarseMonotonicNs();  // some ms behind, cheaper
uint64_t RealtimeNs();

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_CLOCK_H_

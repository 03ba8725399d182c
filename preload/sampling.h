// sampling.h: sample=N. Every byte allocated is a point of a Poisson process
// with mean distance N; a block is sampled when a point falls inside it, so
// with probability 1 - exp(-size/N), which the reports scale by. Per-thread
// state only; no libm.
#ifndef HEAPLINE_PRELOAD_SAMPLING_H_
#define HEAPLINE_PRELOAD_SAMPLING_H_

#include <stdint.h>

#include "preload/thread_state.h"

namespace heapline {

// Draws the distance to the next point: exponential with this mean, >= 1.
int64_t DrawSampleDistance(uint64_t* random_state, uint64_t mean_bytes);

// Whether a block of `bytes` is sampled. REQUIRES: mean_bytes > 0.
inline bool IsSampled(ThreadState* thread, uint64_t bytes,
                      uint64_t mean_bytes) {
  if (__builtin_expect(thread->bytes_until_sample == 0, 0)) {
    thread->bytes_until_sample =
        DrawSampleDistance(&thread->random_state, mean_bytes);
  }
  const int64_t left = thread->bytes_until_sample - static_cast<int64_t>(bytes);
  if (__builtin_expect(left > 0, 1)) {
    thread->bytes_until_sample = left;
    return false;
  }
  thread->bytes_until_sample = 0;
  return true;
}

// Natural logarithm of a number in (0, 1], to about 1e-7 relative.
double LogOfUnit(double x);

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_SAMPLING_H_

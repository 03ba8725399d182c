// position.h: indexes of sequences, which count from the end where they are
// negative.
//
// Invariant: what PositionIn gives is less than `size`.
#ifndef SAMPLES_RUNTIME_POSITION_H_
#define SAMPLES_RUNTIME_POSITION_H_

#include <cstddef>
#include <cstdint>

#include "samples/runtime/errors.h"

namespace runtime {

// IndexError with the complaint where there is no such item.
inline size_t PositionIn(size_t size, int64_t index, const char* complaint) {
  const int64_t items = static_cast<int64_t>(size);
  const int64_t position = index < 0 ? index + items : index;
  if (position < 0 || position >= items) throw IndexError(complaint);
  return static_cast<size_t>(position);
}

}  // namespace runtime

#endif  // SAMPLES_RUNTIME_POSITION_H_

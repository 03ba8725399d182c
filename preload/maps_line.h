// maps_line.h: one mapping's line in /proc/<pid>/maps and smaps (proc(5)):
// "start-end rwxp offset device inode     path". Async-signal-safe.
#ifndef HEAPLINE_PRELOAD_MAPS_LINE_H_
#define HEAPLINE_PRELOAD_MAPS_LINE_H_

#include <stdint.h>

#include "heapline/snapshot_format.h"

namespace heapline {

struct MapsLine {
  uintptr_t start;
  uintptr_t end;     // > start
  uint8_t flags;     // HL_MAPPING_…
  const char* path;  // in the line; "" where there is none
};

// False: the line does not tell of a mapping.
bool ParseMapsLine(const char* line, MapsLine* mapping);

// Readable, writable, and nobody else's.
inline bool IsPrivateData(uint8_t flags) {
  constexpr uint8_t kAll =
      HL_MAPPING_READ | HL_MAPPING_WRITE | HL_MAPPING_PRIVATE;
  return (flags & kAll) == kAll;
}

}  // namespace heapline

#endif  // HEAPLINE_PRELOAD_MAPS_LINE_H_

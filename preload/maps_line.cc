#include "preload/maps_line.h"

#include "preload/proc_files.h"

namespace heapline {

bool ParseMapsLine(const char* line, MapsLine* mapping) {
  uint64_t start;
  uint64_t end;
  if (!TakeHexNumber(&line, &start) || *line++ != '-' ||
      !TakeHexNumber(&line, &end) || start >= end) {
    return false;
  }
  *mapping = {start, end, 0, ""};
  constexpr char kRights[] = "rwxp";  // bit i of HL_MAPPING_…
  for (int i = 0; i < 4; ++i) {
    if (line[i] == '\0') return false;
    if (line[i] == kRights[i]) {
      mapping->flags = static_cast<uint8_t>(mapping->flags | 1u << i);
    }
  }
  line += 4;
  for (int column = 0; column < 3; ++column) {  // offset, device, inode
    while (*line == ' ') ++line;
    while (*line != ' ' && *line != '\0') ++line;
  }
  while (*line == ' ') ++line;
  mapping->path = line;
  return true;
}

}  // namespace heapline

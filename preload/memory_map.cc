#include "preload/memory_map.h"

#include "heapline/snapshot_format.h"
#include "preload/maps_line.h"
#include "preload/message.h"
#include "preload/proc_files.h"

namespace heapline {
namespace {

char line_buffer[8192];  // of the one writer

MappingKind KindOf(const char* path) {
  if (*path == '\0' || StartsWith(path, "[anon:") ||
      StartsWith(path, "[stack:")) {
    return MappingKind::kAnonymous;
  }
  if (Equal(path, "[heap]")) return MappingKind::kHeap;
  if (Equal(path, "[stack]")) return MappingKind::kMainStack;
  return *path == '[' ? MappingKind::kSpecial : MappingKind::kFile;
}

}  // namespace

bool MapEntry::is_readable() const {
  return (flags & HL_MAPPING_READ) != 0 && kind != MappingKind::kSpecial;
}

bool MapEntry::is_private_data() const {
  return IsPrivateData(flags) && kind != MappingKind::kSpecial;
}

bool MemoryMap::Read() {
  LineReader lines("/proc/self/maps", line_buffer, sizeof line_buffer);
  while (const char* line = lines.Next()) {
    MapsLine mapping;
    // The kernel's list ascends; what does not would break every search.
    if (!ParseMapsLine(line, &mapping) ||
        (count() > 0 && mapping.start < entries_[count() - 1].end)) {
      continue;
    }
    if (!entries_.Append({mapping.start, mapping.end, mapping.flags,
                          KindOf(mapping.path)})) {
      return false;
    }
  }
  return count() != 0;
}

size_t MemoryMap::FirstEndingAfter(uintptr_t address) const {
  return heapline::FirstEndingAfter(entries_, address);
}

const MapEntry* MemoryMap::Find(uintptr_t address) const {
  const size_t index = FirstEndingAfter(address);
  return index < count() && entries_[index].contains(address) ? &entries_[index]
                                                              : nullptr;
}

MapEntry MemoryMap::FindOrEmpty(uintptr_t address) const {
  const MapEntry* entry = Find(address);
  return entry != nullptr ? *entry : MapEntry();
}

}  // namespace heapline

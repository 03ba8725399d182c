#include "preload/memory_map.h"

#include "heapline/snapshot_format.h"
#include "preload/maps_line.h"
#include "preload/message.h"
#include "preload/pages.h"
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

// Nothing is mapped while the list is read, so that what is listed is there.
bool MemoryMap::MakeRoom(RangeList* of_child) {
  size_t lines = 0;
  size_t ranges = 0;
  LineReader reader("/proc/self/maps", line_buffer, sizeof line_buffer);
  while (reader.Next() != nullptr) ++lines;
  ForEachOwnRangeOfChild([&](uintptr_t, uintptr_t) { ++ranges; });
  constexpr size_t kOurs = 8;  // this room itself
  if (lines == 0 || !of_child->Reserve(ranges + kOurs) ||
      !entries_.Reserve(lines + ranges + 2 * kOurs)) {
    return false;
  }
  ForEachOwnRangeOfChild(
      [&](uintptr_t start, uintptr_t end) { of_child->Add(start, end); });
  of_child->Sort();
  return true;
}

bool MemoryMap::Read() {
  RangeList of_child;
  if (!MakeRoom(&of_child)) return false;
  LineReader lines("/proc/self/maps", line_buffer, sizeof line_buffer);
  while (const char* line = lines.Next()) {
    MapsLine mapping;
    // The kernel's list ascends; what does not would break every search.
    if (!ParseMapsLine(line, &mapping) ||
        (count() > 0 && mapping.start < entries_[count() - 1].end)) {
      continue;
    }
    const MappingKind kind = KindOf(mapping.path);
    of_child.ForEachGap(mapping.start, mapping.end,
                        [&](uintptr_t start, uintptr_t end) {
                          entries_.Append({start, end, mapping.flags, kind});
                        });
  }
  return count() != 0 && !entries_.lacks_memory();
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

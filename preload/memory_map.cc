#include "preload/memory_map.h"

#include "heapline/snapshot_format.h"
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

// "start-end rwxp offset device inode     path"
bool ParseLine(const char* line, MapEntry* entry) {
  uint64_t start;
  uint64_t end;
  if (!TakeHexNumber(&line, &start) || *line++ != '-' ||
      !TakeHexNumber(&line, &end) || start >= end) {
    return false;
  }
  *entry = {start, end, 0, MappingKind::kAnonymous};
  constexpr char kRights[] = "rwxp";
  for (int i = 0; i < 4; ++i) {
    if (line[i] == '\0') return false;
    if (line[i] == kRights[i]) {
      entry->flags = static_cast<uint8_t>(entry->flags | 1u << i);
    }
  }
  line += 4;
  for (int column = 0; column < 3; ++column) {  // offset, device, inode
    while (*line == ' ') ++line;
    while (*line != ' ' && *line != '\0') ++line;
  }
  while (*line == ' ') ++line;
  entry->kind = KindOf(line);
  return true;
}

}  // namespace

bool MapEntry::is_readable() const {
  return (flags & HL_MAPPING_READ) != 0 && kind != MappingKind::kSpecial;
}

bool MapEntry::is_private_data() const {
  constexpr uint8_t kAll =
      HL_MAPPING_READ | HL_MAPPING_WRITE | HL_MAPPING_PRIVATE;
  return (flags & kAll) == kAll && kind != MappingKind::kSpecial;
}

bool MemoryMap::Read() {
  LineReader lines("/proc/self/maps", line_buffer, sizeof line_buffer);
  while (const char* line = lines.Next()) {
    MapEntry entry;
    // The kernel's list ascends; what does not would break every search.
    if (!ParseLine(line, &entry) ||
        (count() > 0 && entry.start < entries_[count() - 1].end)) {
      continue;
    }
    if (!entries_.Append(entry)) return false;
  }
  return count() != 0;
}

size_t MemoryMap::FirstEndingAfter(uintptr_t address) const {
  size_t low = 0;
  size_t high = count();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (entries_[middle].end <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
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

#include "preload/snapshot_mappings.h"

#include "preload/maps_line.h"
#include "preload/message.h"
#include "preload/pages.h"
#include "preload/proc_files.h"
#include "preload/text_builder.h"

namespace heapline {
namespace {

char line_buffer[8192];               // of the one writer
char path_buffer[HL_MAX_PATH_BYTES];  // of the mapping: its line goes

// "Rss:        132 kB"
bool ParseResident(const char* line, uint64_t* bytes) {
  if (!StartsWith(line, "Rss:")) return false;
  line += 4;
  while (*line == ' ') ++line;
  uint64_t kib;
  if (!TakeNumber(&line, &kib)) return false;
  *bytes = kib << 10;
  return true;
}

// "VmFlags: rd wr mr mw me dc ac": not copied at fork, or emptied.
bool SaysUncopied(const char* line) {
  if (!StartsWith(line, "VmFlags:")) return false;
  for (; *line != '\0'; ++line) {
    if ((StartsWith(line, " dc") || StartsWith(line, " wf")) &&
        (line[3] == ' ' || line[3] == '\0')) {
      return true;
    }
  }
  return false;
}

// Memory that the tracer mapped for itself and nothing else: the kernel shows
// neighbours as one mapping.
bool IsTracers(const MapsLine& mapping) {
  uint64_t own_bytes = 0;
  ForEachOwnRangeOfParent([&](uintptr_t start, uintptr_t end) {
    const uint64_t low = start > mapping.start ? start : mapping.start;
    const uint64_t high = end < mapping.end ? end : mapping.end;
    if (high > low) own_bytes += high - low;
  });
  return own_bytes == mapping.end - mapping.start;
}

void Put(SectionWriter* out, const MapsLine& mapping, uint64_t resident_bytes) {
  const size_t length = Length(path_buffer);
  out->MakeRoom(5 * kVarintBytes + length);
  out->Number(mapping.start);
  out->Number(mapping.end - mapping.start);
  out->Number(resident_bytes);
  out->Number(mapping.flags);
  out->Text(path_buffer, length);
  out->CountRecord();
}

}  // namespace

void WriteMappings(SectionWriter* out, int32_t pid,
                   GrowingArray<UncopiedMapping>* uncopied) {
  char path[64];
  TextBuilder text(path, sizeof path);
  text.Text("/proc/").Number(static_cast<uint32_t>(pid)).Text("/smaps");
  LineReader lines(path, line_buffer, sizeof line_buffer);
  out->Begin(HL_SECTION_MAPPINGS);
  MapsLine mapping = {};
  bool has_mapping = false;
  bool is_tracers = false;
  uint64_t resident_bytes = 0;
  while (const char* line = lines.Next()) {
    if (has_mapping && ParseResident(line, &resident_bytes)) {
      is_tracers = path_buffer[0] == '\0' && IsTracers(mapping);
      if (is_tracers) {
        CopyText(path_buffer, sizeof path_buffer, "[heapline]");
      }
      Put(out, mapping, resident_bytes);
      has_mapping = false;
    } else if ((*line >= '0' && *line <= '9') ||
               (*line >= 'a' && *line <= 'f')) {  // fields begin with capitals
      has_mapping = ParseMapsLine(line, &mapping);
      if (has_mapping) CopyText(path_buffer, sizeof path_buffer, mapping.path);
      resident_bytes = 0;
    } else if (resident_bytes != 0 && !is_tracers &&
               IsPrivateData(mapping.flags) && SaysUncopied(line)) {
      uncopied->Append({mapping.start, resident_bytes});
    }
  }
  out->End();
}

}  // namespace heapline

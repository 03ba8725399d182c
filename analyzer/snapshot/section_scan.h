// section_scan.h: finds the sound sections of a file in the binary form. Every
// length is checked against the file before it is used, every payload against
// its checksum; behind a damaged section the scan goes on at the next place
// where a section's checksum holds.
//
// Invariant: the sections' plain_bytes add up to at most
// kPlainPerFileByte * file size + kPlainFree: that bounds all memory a reader
// takes. Spans point into the scanned bytes. Thread-safe: no state.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_SECTION_SCAN_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_SECTION_SCAN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "heapline/snapshot_format.h"

namespace heapline {

constexpr uint64_t kPlainPerFileByte = 16;
constexpr uint64_t kPlainFree = 16u << 20;

inline uint64_t PlainBytesBudget(uint64_t file_bytes) {
  return file_bytes * kPlainPerFileByte + kPlainFree;
}

struct ScannedSection {
  uint64_t offset = 0;  // of the header in the file
  HlSectionHeader header;
  absl::Span<const unsigned char> stored;  // the payload as it is in the file
};

struct SectionScan {
  std::vector<ScannedSection> sections;  // in the file's order
  std::vector<std::string> damage;       // one sentence each
  // Records known to be lost, by section id, as far as a header told.
  absl::btree_map<uint32_t, uint64_t> lost_records;
  bool has_end = false;
};

// Checks the file header: an error where `bytes` are no snapshot of a version
// this reader knows. `doing` begins the message ("reading a.hl").
absl::Status CheckFileHeader(absl::Span<const unsigned char> bytes,
                             absl::string_view doing, HlFileHeader* header);

// The sections behind `header`, which CheckFileHeader has approved.
SectionScan ScanSections(absl::Span<const unsigned char> bytes,
                         const HlFileHeader& header);

// Only the sections that hold properties, end section included; others are
// stepped over unread. Stops without a word where it finds damage.
SectionScan ScanPropertySections(absl::Span<const unsigned char> bytes,
                                 const HlFileHeader& header);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_SECTION_SCAN_H_

#include "analyzer/snapshot/section_scan.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/file_kind.h"
#include "analyzer/snapshot/sections.h"
#include "heapline/snapshot_encoding.h"

namespace heapline {
namespace {

constexpr uint64_t kHeaderBytes = sizeof(HlSectionHeader);
// A file's header of a later writer may be longer, within reason.
constexpr uint32_t kMostHeaderBytes = 4096;
// Looking for the next sound section hashes at most this often the file.
constexpr uint64_t kHashedPerFileByte = 8;
constexpr uint64_t kHashedFree = 16u << 20;

// True where the header's numbers could be a section's at all.
bool IsPlausible(const HlSectionHeader& header) {
  if (header.id == 0 || header.reserved != 0) return false;
  if (header.stored_bytes > HL_MAX_SECTION_BYTES) return false;
  if (header.plain_bytes > HL_MAX_SECTION_BYTES) return false;
  if (header.encoding == HL_ENCODING_PLAIN) {
    return header.stored_bytes == header.plain_bytes;
  }
  return header.plain_bytes <= header.stored_bytes * HL_MAX_COMPRESSION_RATIO;
}

class Scanner {
 public:
  explicit Scanner(absl::Span<const unsigned char> bytes)
      : bytes_(bytes),
        hash_budget_(bytes.size() * kHashedPerFileByte + kHashedFree),
        plain_budget_(PlainBytesBudget(bytes.size())) {}

  SectionScan Scan(uint64_t offset);
  SectionScan ScanProperties(uint64_t offset);

 private:
  enum class Verdict { kSound, kNoHeader, kImplausible, kCutOff, kBadChecksum };
  Verdict Examine(uint64_t offset, ScannedSection* section);
  bool IsSoundAt(uint64_t offset);
  absl::optional<uint64_t> FindSoundSection(uint64_t offset);
  void Accept(const ScannedSection& section);
  // Notes what is wrong at `offset` and returns where the scan goes on.
  uint64_t SkipDamage(uint64_t offset, Verdict verdict,
                      const ScannedSection& section);

  const absl::Span<const unsigned char> bytes_;
  uint64_t hash_budget_;
  uint64_t plain_budget_;
  SectionScan scan_;
};

Scanner::Verdict Scanner::Examine(uint64_t offset, ScannedSection* section) {
  if (bytes_.size() - offset < kHeaderBytes) return Verdict::kNoHeader;
  section->offset = offset;
  std::memcpy(&section->header, bytes_.data() + offset, kHeaderBytes);
  if (!IsPlausible(section->header)) return Verdict::kImplausible;
  const uint64_t behind = bytes_.size() - offset - kHeaderBytes;
  if (section->header.stored_bytes > behind) return Verdict::kCutOff;
  section->stored =
      bytes_.subspan(offset + kHeaderBytes, section->header.stored_bytes);
  const uint64_t checksum =
      SectionChecksum(section->header, section->stored.data());
  return checksum == section->header.checksum ? Verdict::kSound
                                              : Verdict::kBadChecksum;
}

bool Scanner::IsSoundAt(uint64_t offset) {
  ScannedSection section;
  const Verdict verdict = Examine(offset, &section);
  const bool was_hashed =
      verdict == Verdict::kSound || verdict == Verdict::kBadChecksum;
  const uint64_t cost =
      was_hashed ? kHeaderBytes + section.header.stored_bytes : 0;
  hash_budget_ -= std::min(hash_budget_, cost);
  return verdict == Verdict::kSound;
}

absl::optional<uint64_t> Scanner::FindSoundSection(uint64_t offset) {
  for (; offset + kHeaderBytes <= bytes_.size(); ++offset) {
    if (hash_budget_ == 0) return absl::nullopt;
    if (IsSoundAt(offset)) return offset;
  }
  return absl::nullopt;
}

void Scanner::Accept(const ScannedSection& section) {
  const HlSectionHeader& header = section.header;
  if (header.plain_bytes > plain_budget_) {
    scan_.lost_records[header.id] += header.record_count;
    scan_.damage.push_back(absl::StrCat(
        SectionName(header.id), ": section at byte ", section.offset,
        " unpacks to more than the file's size allows: ", header.record_count,
        " records left out"));
    return;
  }
  plain_budget_ -= header.plain_bytes;
  scan_.sections.push_back(section);
}

uint64_t Scanner::SkipDamage(uint64_t offset, Verdict verdict,
                             const ScannedSection& section) {
  const uint64_t end = bytes_.size();
  const HlSectionHeader& header = section.header;
  // Where only the payload is damaged, the length still leads to the next
  // section, and the header tells what is lost.
  if (verdict == Verdict::kBadChecksum) {
    const uint64_t next = offset + kHeaderBytes + header.stored_bytes;
    if (next == end || IsSoundAt(next)) {
      scan_.lost_records[header.id] += header.record_count;
      scan_.damage.push_back(absl::StrCat(
          SectionName(header.id), ": section at byte ", offset,
          " has a wrong checksum: ", header.record_count, " records left out"));
      return next;
    }
  }
  if (verdict == Verdict::kNoHeader) return end;  // Scan() says "cut short"
  const absl::optional<uint64_t> next = FindSoundSection(offset + 1);
  if (next.has_value()) {
    scan_.damage.push_back(absl::StrCat("bytes ", offset, " to ", *next - 1,
                                        " are damaged: the sections there are "
                                        "left out"));
    return *next;
  }
  if (verdict == Verdict::kCutOff) {
    scan_.lost_records[header.id] += header.record_count;
    scan_.damage.push_back(absl::StrCat(
        SectionName(header.id), ": section at byte ", offset,
        " is cut off at the end of the file: ", header.record_count,
        " records left out"));
  } else {
    scan_.damage.push_back(absl::StrCat("bytes ", offset, " to ", end - 1,
                                        " are damaged: nothing there could be "
                                        "read"));
  }
  return end;
}

SectionScan Scanner::Scan(uint64_t offset) {
  while (offset < bytes_.size() && !scan_.has_end) {
    ScannedSection section;
    const Verdict verdict = Examine(offset, &section);
    if (verdict != Verdict::kSound) {
      offset = SkipDamage(offset, verdict, section);
      continue;
    }
    Accept(section);
    offset += kHeaderBytes + section.header.stored_bytes;
    scan_.has_end = section.header.id == HL_SECTION_END;
  }
  if (offset < bytes_.size()) {
    scan_.damage.push_back(absl::StrCat(bytes_.size() - offset,
                                        " bytes behind the end section are "
                                        "left out"));
  } else if (!scan_.has_end) {
    scan_.damage.push_back(
        absl::StrCat("the file has no end section: it was cut short at byte ",
                     bytes_.size(), ", and what followed is missing"));
  }
  return std::move(scan_);
}

SectionScan Scanner::ScanProperties(uint64_t offset) {
  while (offset + kHeaderBytes <= bytes_.size() && !scan_.has_end) {
    ScannedSection section;
    std::memcpy(&section.header, bytes_.data() + offset, kHeaderBytes);
    const uint32_t id = section.header.id;
    if (id == HL_SECTION_PROPERTIES || id == HL_SECTION_END) {
      if (Examine(offset, &section) != Verdict::kSound) break;
      Accept(section);
    } else if (!IsPlausible(section.header)) {
      break;
    }
    offset += kHeaderBytes + section.header.stored_bytes;
    scan_.has_end = id == HL_SECTION_END;
  }
  return std::move(scan_);
}

absl::Status NotASnapshot(absl::Span<const unsigned char> bytes,
                          absl::string_view doing) {
  const FileKind kind = LooksLike(bytes);
  return Problem(absl::StatusCode::kInvalidArgument, doing,
                 absl::StrCat("not a snapshot but ", kind.what), kind.remedy);
}

}  // namespace

absl::Status CheckFileHeader(absl::Span<const unsigned char> bytes,
                             absl::string_view doing, HlFileHeader* header) {
  if (bytes.size() < HL_MAGIC_BYTES ||
      std::memcmp(bytes.data(), HL_MAGIC, HL_MAGIC_BYTES) != 0) {
    return NotASnapshot(bytes, doing);
  }
  if (bytes.size() < sizeof *header) {
    return Problem(absl::StatusCode::kDataLoss, doing,
                   absl::StrCat("the snapshot is cut off at byte ",
                                bytes.size(), ", inside its header"),
                   "take the snapshot again, or copy the file again");
  }
  std::memcpy(header, bytes.data(), sizeof *header);
  HlFileHeader sealed = *header;
  SealFileHeader(&sealed);
  const bool is_sound = sealed.checksum == header->checksum;
  if (header->version > HL_FORMAT_VERSION) {
    return Problem(
        absl::StatusCode::kUnimplemented, doing,
        absl::StrCat("its format is version ", header->version,
                     is_sound ? "" : " (if its header is not damaged)",
                     ", this heapline reads up to version ",
                     static_cast<int>(HL_FORMAT_VERSION)),
        "use the heapline that wrote it, or a newer one");
  }
  if (!is_sound || header->version == 0 ||
      header->header_bytes < sizeof *header ||
      header->header_bytes > kMostHeaderBytes) {
    return Problem(absl::StatusCode::kDataLoss, doing,
                   "the snapshot's file header is damaged",
                   "take the snapshot again, or copy the file again");
  }
  if (header->pointer_bytes != 8) {
    return Problem(absl::StatusCode::kUnimplemented, doing,
                   absl::StrCat("the process had pointers of ",
                                header->pointer_bytes, " bytes"),
                   "only 64-bit processes are supported");
  }
  return absl::OkStatus();
}

SectionScan ScanSections(absl::Span<const unsigned char> bytes,
                         const HlFileHeader& header) {
  return Scanner(bytes).Scan(header.header_bytes);
}

SectionScan ScanPropertySections(absl::Span<const unsigned char> bytes,
                                 const HlFileHeader& header) {
  return Scanner(bytes).ScanProperties(header.header_bytes);
}

}  // namespace heapline

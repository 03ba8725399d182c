#include "analyzer/snapshot/pack.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/base/mapped_file.h"
#include "analyzer/base/output_file.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/section_scan.h"
#include "analyzer/snapshot/text_form.h"
#include "analyzer/snapshot/zstd_payload.h"
#include "heapline/snapshot_encoding.h"

namespace heapline {
namespace {

// A section on its way: as it was where `packed` is empty.
struct OutgoingSection {
  const ScannedSection* scanned;
  std::string packed;

  uint64_t stored_bytes() const {
    return packed.empty() ? scanned->header.stored_bytes : packed.size();
  }
};

std::vector<OutgoingSection> PackSections(const SectionScan& scan) {
  ZstdPayload zstd;
  std::vector<OutgoingSection> sections;
  sections.reserve(scan.sections.size());
  for (const ScannedSection& scanned : scan.sections) {
    OutgoingSection section{&scanned, ""};
    // The end section stays readable at a glance; it is small.
    if (scanned.header.encoding == HL_ENCODING_PLAIN &&
        scanned.header.id != HL_SECTION_END) {
      section.packed = zstd.Pack(scanned.stored);
    }
    sections.push_back(std::move(section));
  }
  return sections;
}

// A reader refuses a file whose sections unpack to more than its budget. Very
// regular ones would: some of their sections stay plain.
void KeepWithinBudget(uint64_t header_bytes,
                      std::vector<OutgoingSection>* sections) {
  uint64_t file_bytes = header_bytes;
  uint64_t plain_bytes = 0;
  for (const OutgoingSection& section : *sections) {
    file_bytes += sizeof(HlSectionHeader) + section.stored_bytes();
    plain_bytes += section.scanned->header.plain_bytes;
  }
  for (OutgoingSection& section : *sections) {
    if (plain_bytes <= PlainBytesBudget(file_bytes)) return;
    file_bytes += section.scanned->header.stored_bytes - section.stored_bytes();
    section.packed.clear();
  }
}

void AppendSection(std::string* out, const OutgoingSection& section) {
  HlSectionHeader header = section.scanned->header;
  absl::string_view payload(
      reinterpret_cast<const char*>(section.scanned->stored.data()),
      section.scanned->stored.size());
  if (!section.packed.empty()) {
    payload = section.packed;
    header.encoding = HL_ENCODING_ZSTD;
    header.stored_bytes = payload.size();
    header.checksum = SectionChecksum(header, payload.data());
  }
  out->append(reinterpret_cast<const char*>(&header), sizeof header);
  out->append(payload.data(), payload.size());
}

bool IsPacked(const SectionScan& scan) {
  return std::any_of(scan.sections.begin(), scan.sections.end(),
                     [](const ScannedSection& section) {
                       return section.header.encoding == HL_ENCODING_ZSTD;
                     });
}

}  // namespace

absl::StatusOr<std::string> PackSnapshot(absl::Span<const unsigned char> bytes,
                                         absl::string_view name,
                                         PackResult* result) {
  const std::string doing = absl::StrCat("packing ", SafeText(name));
  const absl::string_view text(reinterpret_cast<const char*>(bytes.data()),
                               bytes.size());
  if (IsTextForm(text)) {
    return Problem(absl::StatusCode::kInvalidArgument, doing,
                   "it is a snapshot's text form",
                   "make a binary one first: heapline export FILE --to "
                   "snapshot -o NEW.hl");
  }
  HlFileHeader header;
  const absl::Status status = CheckFileHeader(bytes, doing, &header);
  if (!status.ok()) return status;
  const SectionScan scan = ScanSections(bytes, header);
  if (!scan.damage.empty()) {
    return Problem(absl::StatusCode::kDataLoss, doing, scan.damage.front(),
                   "left as it is: packing would hide what is lost");
  }
  result->old_bytes = bytes.size();
  result->new_bytes = bytes.size();
  if (IsPacked(scan)) {
    result->outcome = PackResult::kWasPacked;
    return std::string();
  }
  std::vector<OutgoingSection> sections = PackSections(scan);
  KeepWithinBudget(header.header_bytes, &sections);
  std::string out(text.substr(0, header.header_bytes));
  for (const OutgoingSection& section : sections) AppendSection(&out, section);
  result->outcome =
      out.size() < bytes.size() ? PackResult::kPacked : PackResult::kNoGain;
  if (result->outcome == PackResult::kPacked) result->new_bytes = out.size();
  return out;
}

absl::StatusOr<PackResult> TryPackFile(const std::string& path) {
  const absl::StatusOr<MappedFile> file = MappedFile::TryOpen(path);
  if (!file.ok()) return file.status();
  PackResult result;
  const absl::StatusOr<std::string> packed =
      PackSnapshot(file->bytes(), path, &result);
  if (!packed.ok()) return packed.status();
  if (result.outcome != PackResult::kPacked) return result;
  absl::StatusOr<OutputFile> output =
      OutputFile::TryCreate(path, OutputFile::kPrivateMode);
  if (!output.ok()) return output.status();
  absl::Status status = output->TrySetMode(file->mode() & 07777);
  if (status.ok()) status = output->TryWrite(*packed);
  if (status.ok()) status = output->TryCommit();
  if (!status.ok()) return status;
  return result;
}

}  // namespace heapline

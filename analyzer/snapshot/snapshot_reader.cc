#include "analyzer/snapshot/snapshot_reader.h"

#include <algorithm>
#include <utility>

#include "absl/container/btree_map.h"
#include "absl/strings/str_cat.h"
#include "analyzer/base/mapped_file.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/section_decoder.h"
#include "analyzer/snapshot/section_scan.h"
#include "analyzer/snapshot/sections.h"
#include "analyzer/snapshot/text_form.h"
#include "analyzer/snapshot/zstd_payload.h"

namespace heapline {
namespace {

// Node ids may run ahead of the sound nodes by what a damaged part can have
// held: at most so many nodes a byte of the file.
constexpr uint64_t kMostNodesPerFileByte = 4;

class BinaryReader {
 public:
  BinaryReader(absl::Span<const unsigned char> bytes, absl::string_view name,
               Snapshot* snapshot)
      : bytes_(bytes),
        doing_(absl::StrCat("reading ", SafeText(name))),
        snapshot_(snapshot) {}

  absl::Status Read();
  absl::Status ReadProperties();

 private:
  uint64_t MostNodes() const;
  void DecodeAll();
  absl::Span<const unsigned char> Payload(const ScannedSection& section,
                                          bool* is_sound);
  void ReserveBlocks(SectionDecoder* decoder) const;
  void CompareWithEnd(const SectionDecoder& decoder);

  const absl::Span<const unsigned char> bytes_;
  const std::string doing_;
  Snapshot* const snapshot_;
  SectionScan scan_;
  ZstdPayload zstd_;
};

// The payload, unpacked where it is packed; else notes the damage.
absl::Span<const unsigned char> BinaryReader::Payload(
    const ScannedSection& section, bool* is_sound) {
  const HlSectionHeader& header = section.header;
  const char* problem = nullptr;
  *is_sound = true;
  if (header.encoding == HL_ENCODING_PLAIN) return section.stored;
  if (header.encoding == HL_ENCODING_ZSTD) {
    const auto payload =
        zstd_.Unpack(section.stored, header.plain_bytes, is_sound);
    if (*is_sound) return payload;
    problem = "cannot be unpacked";
  } else {
    *is_sound = false;
    problem = "is stored in a way this heapline does not know";
  }
  scan_.lost_records[header.id] += header.record_count;
  snapshot_->damage.push_back(absl::StrCat(
      SectionName(header.id), ": section at byte ", section.offset, " ",
      problem, ": ", header.record_count, " records left out"));
  return {};
}

uint64_t BinaryReader::MostNodes() const {
  uint64_t most = 1 + bytes_.size() * kMostNodesPerFileByte;
  for (const ScannedSection& section : scan_.sections) {
    if (section.header.id != HL_SECTION_NODES) continue;
    most += std::min<uint64_t>(section.header.record_count,
                               section.header.plain_bytes);
  }
  return most;
}

void BinaryReader::ReserveBlocks(SectionDecoder* decoder) const {
  absl::btree_map<uint32_t, uint64_t> records;
  for (const ScannedSection& section : scan_.sections) {
    const HlSectionHeader& header = section.header;
    const SectionKind* const kind = FindSectionKind(header.id);
    if (kind == nullptr) continue;
    // A count is believed as far as the payload can hold it.
    records[header.id] += std::min<uint64_t>(
        header.record_count, header.plain_bytes / kind->least_record_bytes);
  }
  for (const auto& [id, count] : records) decoder->Reserve(id, count);
}

void BinaryReader::DecodeAll() {
  SectionDecoder decoder(MostNodes(), snapshot_);
  ReserveBlocks(&decoder);
  bool is_sound = false;
  for (const ScannedSection& section : scan_.sections) {
    if (section.header.id != HL_SECTION_NODES) continue;
    const auto payload = Payload(section, &is_sound);
    if (is_sound) decoder.DecodeNodes(section, payload);
  }
  decoder.NodesAreComplete();
  for (const ScannedSection& section : scan_.sections) {
    if (section.header.id == HL_SECTION_NODES) continue;
    const auto payload = Payload(section, &is_sound);
    if (is_sound) decoder.Decode(section, payload);
  }
  decoder.Finish();
  CompareWithEnd(decoder);
}

// Says what is missing by the end section's count and not known to be lost.
void BinaryReader::CompareWithEnd(const SectionDecoder& decoder) {
  if (!scan_.has_end) return;
  const auto value_at = [](const absl::btree_map<uint32_t, uint64_t>& map,
                           uint32_t key) {
    const auto found = map.find(key);
    return found == map.end() ? uint64_t{0} : found->second;
  };
  for (const SectionKind& kind : SectionKinds()) {
    const auto property = snapshot_->properties.find(kind.written_property);
    if (kind.written_property == 0 || property == snapshot_->properties.end()) {
      continue;
    }
    const uint64_t written = property->second.number;
    const uint64_t read = value_at(decoder.read_records(), kind.id);
    const uint64_t told = value_at(scan_.lost_records, kind.id);
    if (read == written || read + told == written) continue;
    snapshot_->damage.push_back(absl::StrCat(
        kind.name, ": ", read, " of ", written, " records are in the file"));
  }
}

absl::Status BinaryReader::Read() {
  HlFileHeader header;
  const absl::Status status = CheckFileHeader(bytes_, doing_, &header);
  if (!status.ok()) return status;
  snapshot_->architecture = header.architecture;
  scan_ = ScanSections(bytes_, header);
  if (scan_.sections.empty()) {
    return Problem(absl::StatusCode::kDataLoss, doing_,
                   "the snapshot has no undamaged section",
                   "take the snapshot again, or copy the file again");
  }
  snapshot_->damage = std::move(scan_.damage);
  DecodeAll();
  if (snapshot_->is_whole()) {
    std::string totals = CheckTotals(*snapshot_);
    if (!totals.empty()) snapshot_->damage.push_back(std::move(totals));
  }
  return absl::OkStatus();
}

absl::Status BinaryReader::ReadProperties() {
  HlFileHeader header;
  const absl::Status status = CheckFileHeader(bytes_, doing_, &header);
  if (!status.ok()) return status;
  snapshot_->architecture = header.architecture;
  scan_ = ScanPropertySections(bytes_, header);
  SectionDecoder decoder(1, snapshot_);
  decoder.NodesAreComplete();
  bool is_sound = false;
  for (const ScannedSection& section : scan_.sections) {
    const auto payload = Payload(section, &is_sound);
    if (is_sound) decoder.Decode(section, payload);
  }
  snapshot_->damage.clear();
  snapshot_->counters = CounterColumns();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Snapshot> TryParseSnapshot(absl::Span<const unsigned char> bytes,
                                          absl::string_view name) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes.data()),
                               bytes.size());
  Snapshot snapshot;
  if (IsTextForm(text)) {
    absl::StatusOr<Snapshot> parsed = ParseTextForm(text, name);
    if (!parsed.ok()) return parsed;
    snapshot = *std::move(parsed);
    if (snapshot.is_whole()) {
      std::string totals = CheckTotals(snapshot);
      if (!totals.empty()) snapshot.damage.push_back(std::move(totals));
    }
    return snapshot;
  }
  snapshot.file = std::string(name);
  const absl::Status status = BinaryReader(bytes, name, &snapshot).Read();
  if (!status.ok()) return status;
  return snapshot;
}

absl::StatusOr<Snapshot> TryReadProperties(const std::string& path) {
  const absl::StatusOr<MappedFile> file = MappedFile::TryOpen(path);
  if (!file.ok()) return file.status();
  if (IsTextForm(file->text())) return ParseTextForm(file->text(), path);
  Snapshot snapshot;
  snapshot.file = path;
  const absl::Status status =
      BinaryReader(file->bytes(), path, &snapshot).ReadProperties();
  if (!status.ok()) return status;
  return snapshot;
}

absl::StatusOr<Snapshot> TryReadSnapshot(const std::string& path) {
  const absl::StatusOr<MappedFile> file = MappedFile::TryOpen(path);
  if (!file.ok()) return file.status();
  return TryParseSnapshot(file->bytes(), path);
}

}  // namespace heapline

#include "analyzer/snapshot/section_writer.h"

#include <cstring>
#include <utility>

#include "heapline/snapshot_encoding.h"

namespace heapline {

void AppendNumber(std::string* payload, uint64_t value) {
  unsigned char bytes[kVarintBytes];
  const unsigned char* const end = PutVarint(bytes, value);
  payload->append(reinterpret_cast<const char*>(bytes), end - bytes);
}

void AppendSigned(std::string* payload, int64_t value) {
  AppendNumber(payload, ZigzagEncode(value));
}

void SectionWriter::AppendHeader(const void* bytes, size_t count) {
  file_.append(static_cast<const char*>(bytes), count);
}

void SectionWriter::PutText(absl::string_view text) {
  PutNumber(text.size());
  payload_.append(text.data(), text.size());
}

SectionWriter::Section SectionWriter::EndRecord(uint32_t id) {
  ++record_count_;
  if (payload_.size() < kUsualSectionBytes) return Section::kGoesOn;
  EndSection(id);
  return Section::kWasCut;
}

void SectionWriter::EndSection(uint32_t id) {
  if (record_count_ == 0) return;
  AddSection(id, std::exchange(record_count_, 0), std::exchange(payload_, ""));
}

void SectionWriter::AddSection(uint32_t id, uint64_t record_count,
                               std::string payload) {
  HlSectionHeader header;
  std::memset(&header, 0, sizeof header);
  header.id = id;
  header.encoding = HL_ENCODING_PLAIN;
  header.stored_bytes = payload.size();
  header.plain_bytes = payload.size();
  header.record_count = record_count;
  header.checksum = SectionChecksum(header, payload.data());
  file_.append(reinterpret_cast<const char*>(&header), sizeof header);
  file_ += payload;
  written_[id] += record_count;
  ++section_count_;
}

uint64_t SectionWriter::RecordsOf(uint32_t id) const {
  const auto found = written_.find(id);
  return found == written_.end() ? 0 : found->second;
}

std::string SectionWriter::TakeFile() { return std::move(file_); }

}  // namespace heapline

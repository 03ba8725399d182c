#include "analyzer/snapshot/snapshot_encoder.h"

#include <cstring>
#include <map>
#include <utility>

#include "absl/strings/string_view.h"
#include "analyzer/snapshot/sections.h"
#include "heapline/snapshot_encoding.h"

namespace heapline {
namespace {

// Sections are cut at this size: damage then costs little.
constexpr size_t kSectionBytes = 1 << 20;

// Known only when the cut is done, and so in the end section.
bool IsInEndSection(uint32_t property_id) {
  return property_id == static_cast<uint32_t>(PropertyId::pause_us) ||
         property_id == static_cast<uint32_t>(PropertyId::child_us);
}

class Encoder {
 public:
  explicit Encoder(const Snapshot& snapshot) : snapshot_(snapshot) {}
  std::string Encode();

 private:
  void PutNumber(uint64_t value);
  void PutSigned(int64_t value);
  void PutText(absl::string_view text);
  // Ends a record; `id` names the section it is in. Cuts the section where it
  // is large enough: the caller then restarts its delta bases.
  enum class Section { kGoesOn, kWasCut };
  Section EndRecord(uint32_t id);
  void EndSection(uint32_t id);
  void EndSection(uint32_t id, uint64_t record_count);

  void PutFileHeader();
  void PutProperty(uint32_t id, const Property& property);
  void PutProperties();
  void PutModules();
  void PutThreads();
  void PutLabels();
  void PutNodes();
  void PutCounters();
  void PutEpochs();
  void PutBlocks(uint32_t id, const BlockColumns& blocks);
  void PutRegions();
  void PutSymbols();
  void PutOpaqueSections();
  void PutEnd();

  const Snapshot& snapshot_;
  std::string out_;
  std::string payload_;
  uint64_t record_count_ = 0;
  uint64_t section_count_ = 0;
  std::map<uint32_t, uint64_t> written_;  // records by section id
};

void Encoder::PutNumber(uint64_t value) {
  unsigned char bytes[kVarintBytes];
  const unsigned char* const end = PutVarint(bytes, value);
  payload_.append(reinterpret_cast<const char*>(bytes), end - bytes);
}

void Encoder::PutSigned(int64_t value) { PutNumber(ZigzagEncode(value)); }

void Encoder::PutText(absl::string_view text) {
  PutNumber(text.size());
  payload_.append(text.data(), text.size());
}

Encoder::Section Encoder::EndRecord(uint32_t id) {
  ++record_count_;
  if (payload_.size() < kSectionBytes) return Section::kGoesOn;
  EndSection(id);
  return Section::kWasCut;
}

void Encoder::EndSection(uint32_t id) {
  if (record_count_ > 0) EndSection(id, record_count_);
}

void Encoder::EndSection(uint32_t id, uint64_t record_count) {
  HlSectionHeader header;
  std::memset(&header, 0, sizeof header);
  header.id = id;
  header.encoding = HL_ENCODING_PLAIN;
  header.stored_bytes = payload_.size();
  header.plain_bytes = payload_.size();
  header.record_count = record_count;
  header.checksum = SectionChecksum(header, payload_.data());
  out_.append(reinterpret_cast<const char*>(&header), sizeof header);
  out_ += payload_;
  written_[id] += record_count;
  ++section_count_;
  payload_.clear();
  record_count_ = 0;
}

void Encoder::PutFileHeader() {
  HlFileHeader header;
  std::memset(&header, 0, sizeof header);
  std::memcpy(header.magic, HL_MAGIC, HL_MAGIC_BYTES);
  header.version = HL_FORMAT_VERSION;
  header.header_bytes = sizeof header;
  header.architecture = snapshot_.architecture;
  header.pointer_bytes = 8;
  SealFileHeader(&header);
  out_.append(reinterpret_cast<const char*>(&header), sizeof header);
}

void Encoder::PutProperty(uint32_t id, const Property& property) {
  PutNumber(uint64_t{id} << 1 | (property.is_text ? 1 : 0));
  if (property.is_text) {
    PutText(property.text);
  } else {
    PutNumber(property.number);
  }
}

void Encoder::PutProperties() {
  for (const auto& [id, property] : snapshot_.properties) {
    const bool waits = IsInEndSection(id) || IsCountedByEncoder(id);
    if (snapshot_.is_whole() && waits) continue;
    PutProperty(id, property);
    EndRecord(HL_SECTION_PROPERTIES);
  }
  EndSection(HL_SECTION_PROPERTIES);
}

void Encoder::PutModules() {
  for (const Module& module : snapshot_.modules) {
    PutNumber(module.start);
    PutNumber(module.end - module.start);
    PutSigned(module.load_bias);
    PutNumber(module.generation);
    PutNumber(module.flags);
    PutText(module.build_id);
    PutText(module.path);
    EndRecord(HL_SECTION_MODULES);
  }
  EndSection(HL_SECTION_MODULES);
}

void Encoder::PutThreads() {
  for (const Thread& thread : snapshot_.threads) {
    PutNumber(thread.tid);
    PutNumber(thread.flags);
    PutNumber(Index(thread.node));
    PutNumber(thread.stack_pointer);
    PutNumber(thread.stack_end);
    PutText(thread.name);
    EndRecord(HL_SECTION_THREADS);
  }
  EndSection(HL_SECTION_THREADS);
}

void Encoder::PutLabels() {
  for (const NodeLabel& label : snapshot_.labels) {
    PutNumber(Index(label.node));
    PutNumber(label.address);
    PutText(label.name);
    EndRecord(HL_SECTION_LABELS);
  }
  EndSection(HL_SECTION_LABELS);
}

void Encoder::PutNodes() {
  const NodeColumns& nodes = snapshot_.nodes;
  Section state = Section::kWasCut;
  uint64_t previous = 0;
  for (size_t id = 1; id < nodes.size(); ++id) {
    if (state == Section::kWasCut) {
      PutNumber(id);
      previous = 0;
    }
    const bool has_generation = nodes.generation[id] != 0;
    PutNumber((id - Index(nodes.parent[id])) << 4 | (has_generation ? 8u : 0u) |
              nodes.kind[id]);
    PutSigned(static_cast<int64_t>(nodes.address[id] - previous));
    previous = nodes.address[id];
    if (has_generation) PutNumber(nodes.generation[id]);
    state = EndRecord(HL_SECTION_NODES);
  }
  EndSection(HL_SECTION_NODES);
}

void Encoder::PutCounters() {
  const CounterColumns& counters = snapshot_.counters;
  uint64_t previous = 0;
  for (size_t id = 0; id < counters.total_count.size(); ++id) {
    if (!HasCounts(counters, id)) continue;
    PutNumber(id - previous);
    PutNumber(counters.total_count[id]);
    PutNumber(counters.total_bytes[id]);
    PutNumber(counters.temporary_count[id]);
    const Section state = EndRecord(HL_SECTION_COUNTERS);
    previous = state == Section::kWasCut ? 0 : id;
  }
  EndSection(HL_SECTION_COUNTERS);
}

void Encoder::PutEpochs() {
  EpochRecord previous;
  for (const EpochRecord& epoch : snapshot_.epochs) {
    PutNumber(epoch.epoch - previous.epoch);
    PutNumber(epoch.started_ns - previous.started_ns);
    PutNumber(epoch.snapshot_sequence_plus_1);
    const Section state = EndRecord(HL_SECTION_EPOCHS);
    previous = state == Section::kWasCut ? EpochRecord() : epoch;
  }
  EndSection(HL_SECTION_EPOCHS);
}

void Encoder::PutBlocks(uint32_t id, const BlockColumns& blocks) {
  uint64_t previous = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    PutNumber((blocks.address[i] - previous) >> HL_BLOCK_ALIGNMENT_SHIFT);
    PutNumber(blocks.requested_bytes[i]);
    PutNumber(Index(blocks.node[i]));
    PutNumber(blocks.epoch[i]);
    previous = EndRecord(id) == Section::kWasCut ? 0 : blocks.address[i];
  }
  EndSection(id);
}

void Encoder::PutRegions() {
  for (const Mapping& mapping : snapshot_.mappings) {
    PutNumber(mapping.start);
    PutNumber(mapping.bytes);
    PutNumber(mapping.rss_bytes);
    PutNumber(mapping.flags);
    PutText(mapping.path);
    EndRecord(HL_SECTION_MAPPINGS);
  }
  EndSection(HL_SECTION_MAPPINGS);
  for (const AddressRange& range : snapshot_.root_regions) {
    PutNumber(range.start);
    PutNumber(range.bytes);
    EndRecord(HL_SECTION_ROOT_REGIONS);
  }
  EndSection(HL_SECTION_ROOT_REGIONS);
  for (const ExpectedDead& dead : snapshot_.expected_dead) {
    PutNumber(dead.address);
    PutText(dead.label);
    EndRecord(HL_SECTION_EXPECTED_DEAD);
  }
  EndSection(HL_SECTION_EXPECTED_DEAD);
}

void Encoder::PutSymbols() {
  for (const NodeSymbol& symbol : snapshot_.symbols) {
    PutNumber(Index(symbol.node));
    PutNumber(symbol.line);
    PutNumber(symbol.is_inlined ? HL_SYMBOL_INLINED : 0);
    PutText(symbol.function);
    PutText(symbol.file);
    PutText(symbol.module);
    EndRecord(HL_SECTION_SYMBOLS);
  }
  EndSection(HL_SECTION_SYMBOLS);
}

void Encoder::PutOpaqueSections() {
  for (const OpaqueSection& section : snapshot_.opaque_sections) {
    payload_ = section.bytes;
    EndSection(section.id, section.record_count);
  }
}

void Encoder::PutEnd() {
  for (const auto& [id, property] : snapshot_.properties) {
    if (!IsInEndSection(id)) continue;
    PutProperty(id, property);
    ++record_count_;
  }
  Property count;
  for (const SectionKind& kind : SectionKinds()) {
    if (kind.written_property == 0) continue;
    count.number = written_[kind.id];
    PutProperty(kind.written_property, count);
    ++record_count_;
  }
  count.number = section_count_;
  PutProperty(static_cast<uint32_t>(PropertyId::written_sections), count);
  ++record_count_;
  EndSection(HL_SECTION_END);
}

std::string Encoder::Encode() {
  PutFileHeader();
  PutProperties();
  PutModules();
  PutThreads();
  PutLabels();
  PutNodes();
  PutCounters();
  PutEpochs();
  PutBlocks(HL_SECTION_BLOCKS, snapshot_.blocks);
  PutBlocks(HL_SECTION_POOL_BLOCKS, snapshot_.pool_blocks);
  PutBlocks(HL_SECTION_MAPPED_REGIONS, snapshot_.mapped_regions);
  PutRegions();
  PutSymbols();
  PutOpaqueSections();
  if (snapshot_.is_whole()) PutEnd();
  // A file without any section is taken for no snapshot at all.
  if (section_count_ == 0) EndSection(HL_SECTION_PROPERTIES, 0);
  return std::move(out_);
}

}  // namespace

std::string EncodeSnapshot(const Snapshot& snapshot) {
  return Encoder(snapshot).Encode();
}

bool IsCountedByEncoder(uint32_t property_id) {
  for (const SectionKind& kind : SectionKinds()) {
    if (kind.written_property == property_id && property_id != 0) return true;
  }
  return property_id == static_cast<uint32_t>(PropertyId::written_sections);
}

bool HasCounts(const CounterColumns& counters, size_t id) {
  return counters.total_count[id] != 0 || counters.total_bytes[id] != 0 ||
         counters.temporary_count[id] != 0;
}

}  // namespace heapline

#include "analyzer/snapshot/snapshot_encoder.h"

#include <cstring>

#include "analyzer/snapshot/graph_encoder.h"
#include "analyzer/snapshot/section_writer.h"
#include "analyzer/snapshot/sections.h"
#include "heapline/snapshot_encoding.h"

namespace heapline {
namespace {

using Section = SectionWriter::Section;

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
  SectionWriter writer_;
};

void Encoder::PutFileHeader() {
  HlFileHeader header;
  std::memset(&header, 0, sizeof header);
  std::memcpy(header.magic, HL_MAGIC, HL_MAGIC_BYTES);
  header.version = HL_FORMAT_VERSION;
  header.header_bytes = sizeof header;
  header.architecture = snapshot_.architecture;
  header.pointer_bytes = 8;
  SealFileHeader(&header);
  writer_.AppendHeader(&header, sizeof header);
}

void Encoder::PutProperty(uint32_t id, const Property& property) {
  writer_.PutNumber(uint64_t{id} << 1 | (property.is_text ? 1 : 0));
  if (property.is_text) {
    writer_.PutText(property.text);
  } else {
    writer_.PutNumber(property.number);
  }
}

void Encoder::PutProperties() {
  for (const auto& [id, property] : snapshot_.properties) {
    const bool waits = IsInEndSection(id) || IsCountedByEncoder(id);
    if (snapshot_.is_whole() && waits) continue;
    PutProperty(id, property);
    writer_.EndRecord(HL_SECTION_PROPERTIES);
  }
  writer_.EndSection(HL_SECTION_PROPERTIES);
}

void Encoder::PutModules() {
  for (const Module& module : snapshot_.modules) {
    writer_.PutNumber(module.start);
    writer_.PutNumber(module.end - module.start);
    writer_.PutSigned(module.load_bias);
    writer_.PutNumber(module.generation);
    writer_.PutNumber(module.flags);
    writer_.PutText(module.build_id);
    writer_.PutText(module.path);
    writer_.EndRecord(HL_SECTION_MODULES);
  }
  writer_.EndSection(HL_SECTION_MODULES);
}

void Encoder::PutThreads() {
  for (const Thread& thread : snapshot_.threads) {
    writer_.PutNumber(thread.tid);
    writer_.PutNumber(thread.flags);
    writer_.PutNumber(Index(thread.node));
    writer_.PutNumber(thread.stack_pointer);
    writer_.PutNumber(thread.stack_end);
    writer_.PutText(thread.name);
    writer_.EndRecord(HL_SECTION_THREADS);
  }
  writer_.EndSection(HL_SECTION_THREADS);
}

void Encoder::PutLabels() {
  for (const NodeLabel& label : snapshot_.labels) {
    writer_.PutNumber(Index(label.node));
    writer_.PutNumber(label.address);
    writer_.PutText(label.name);
    writer_.EndRecord(HL_SECTION_LABELS);
  }
  writer_.EndSection(HL_SECTION_LABELS);
}

void Encoder::PutNodes() {
  const NodeColumns& nodes = snapshot_.nodes;
  Section state = Section::kWasCut;
  uint64_t previous = 0;
  for (size_t id = 1; id < nodes.size(); ++id) {
    if (state == Section::kWasCut) {
      writer_.PutNumber(id);
      previous = 0;
    }
    const bool has_generation = nodes.generation[id] != 0;
    writer_.PutNumber((id - Index(nodes.parent[id])) << 4 |
                      (has_generation ? 8u : 0u) | nodes.kind[id]);
    writer_.PutSigned(static_cast<int64_t>(nodes.address[id] - previous));
    previous = nodes.address[id];
    if (has_generation) writer_.PutNumber(nodes.generation[id]);
    state = writer_.EndRecord(HL_SECTION_NODES);
  }
  writer_.EndSection(HL_SECTION_NODES);
}

void Encoder::PutCounters() {
  const CounterColumns& counters = snapshot_.counters;
  uint64_t previous = 0;
  for (size_t id = 0; id < counters.total_count.size(); ++id) {
    if (!HasCounts(counters, id)) continue;
    writer_.PutNumber(id - previous);
    writer_.PutNumber(counters.total_count[id]);
    writer_.PutNumber(counters.total_bytes[id]);
    writer_.PutNumber(counters.temporary_count[id]);
    const Section state = writer_.EndRecord(HL_SECTION_COUNTERS);
    previous = state == Section::kWasCut ? 0 : id;
  }
  writer_.EndSection(HL_SECTION_COUNTERS);
}

void Encoder::PutEpochs() {
  EpochRecord previous;
  for (const EpochRecord& epoch : snapshot_.epochs) {
    writer_.PutNumber(epoch.epoch - previous.epoch);
    writer_.PutNumber(epoch.started_ns - previous.started_ns);
    writer_.PutNumber(epoch.snapshot_sequence_plus_1);
    const Section state = writer_.EndRecord(HL_SECTION_EPOCHS);
    previous = state == Section::kWasCut ? EpochRecord() : epoch;
  }
  writer_.EndSection(HL_SECTION_EPOCHS);
}

void Encoder::PutBlocks(uint32_t id, const BlockColumns& blocks) {
  uint64_t previous = 0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    writer_.PutNumber((blocks.address[i] - previous) >>
                      HL_BLOCK_ALIGNMENT_SHIFT);
    writer_.PutNumber(blocks.requested_bytes[i]);
    writer_.PutNumber(Index(blocks.node[i]));
    writer_.PutNumber(blocks.epoch[i]);
    previous =
        writer_.EndRecord(id) == Section::kWasCut ? 0 : blocks.address[i];
  }
  writer_.EndSection(id);
}

void Encoder::PutRegions() {
  for (const Mapping& mapping : snapshot_.mappings) {
    writer_.PutNumber(mapping.start);
    writer_.PutNumber(mapping.bytes);
    writer_.PutNumber(mapping.rss_bytes);
    writer_.PutNumber(mapping.flags);
    writer_.PutText(mapping.path);
    writer_.EndRecord(HL_SECTION_MAPPINGS);
  }
  writer_.EndSection(HL_SECTION_MAPPINGS);
  for (const AddressRange& range : snapshot_.root_regions) {
    writer_.PutNumber(range.start);
    writer_.PutNumber(range.bytes);
    writer_.EndRecord(HL_SECTION_ROOT_REGIONS);
  }
  writer_.EndSection(HL_SECTION_ROOT_REGIONS);
  for (const ExpectedDead& dead : snapshot_.expected_dead) {
    writer_.PutNumber(dead.address);
    writer_.PutText(dead.label);
    writer_.EndRecord(HL_SECTION_EXPECTED_DEAD);
  }
  writer_.EndSection(HL_SECTION_EXPECTED_DEAD);
}

void Encoder::PutSymbols() {
  for (const NodeSymbol& symbol : snapshot_.symbols) {
    writer_.PutNumber(Index(symbol.node));
    writer_.PutNumber(symbol.line);
    writer_.PutNumber(symbol.is_inlined ? HL_SYMBOL_INLINED : 0);
    writer_.PutText(symbol.function);
    writer_.PutText(symbol.file);
    writer_.PutText(symbol.module);
    writer_.EndRecord(HL_SECTION_SYMBOLS);
  }
  writer_.EndSection(HL_SECTION_SYMBOLS);
}

void Encoder::PutOpaqueSections() {
  for (const OpaqueSection& section : snapshot_.opaque_sections) {
    writer_.AddSection(section.id, section.record_count, section.bytes);
  }
}

void Encoder::PutEnd() {
  const auto put = [this](uint32_t id, const Property& property) {
    PutProperty(id, property);
    writer_.EndRecord(HL_SECTION_END);
  };
  for (const auto& [id, property] : snapshot_.properties) {
    if (IsInEndSection(id)) put(id, property);
  }
  Property count;
  for (const SectionKind& kind : SectionKinds()) {
    if (kind.written_property == 0) continue;
    count.number = writer_.RecordsOf(kind.id);
    put(kind.written_property, count);
  }
  count.number = writer_.section_count();
  put(static_cast<uint32_t>(PropertyId::written_sections), count);
  writer_.EndSection(HL_SECTION_END);
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
  PutGraph(snapshot_, &writer_);
  PutSymbols();
  PutOpaqueSections();
  if (snapshot_.is_whole()) PutEnd();
  // A file without any section is taken for no snapshot at all.
  if (writer_.section_count() == 0) {
    writer_.AddSection(HL_SECTION_PROPERTIES, 0, "");
  }
  return writer_.TakeFile();
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

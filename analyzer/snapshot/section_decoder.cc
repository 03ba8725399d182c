#include "analyzer/snapshot/section_decoder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/snapshot/sections.h"

namespace heapline {
namespace {

constexpr uint64_t kMostEpoch = UINT16_MAX;
constexpr uint8_t kUndefinedKind = 0xff;
constexpr uint32_t kGenerationBit = 8;
constexpr uint32_t kKindMask = 7;

}  // namespace

SectionDecoder::SectionDecoder(uint64_t most_nodes, Snapshot* snapshot)
    : most_nodes_(std::min<uint64_t>(most_nodes, HL_MAX_NODES)),
      snapshot_(snapshot),
      blocks_{&snapshot->blocks},
      pool_blocks_{&snapshot->pool_blocks},
      mapped_regions_{&snapshot->mapped_regions},
      graph_(snapshot, &notes_) {
  NodeColumns& nodes = snapshot_->nodes;
  nodes.address.assign(1, HL_SPECIAL_ROOT);
  nodes.parent.assign(1, NodeId{0});
  nodes.kind.assign(1, HL_NODE_SPECIAL);
  nodes.generation.assign(1, 0);
}

SectionDecoder::BlockState* SectionDecoder::BlocksOf(uint32_t section_id) {
  switch (section_id) {
    case HL_SECTION_BLOCKS:
      return &blocks_;
    case HL_SECTION_POOL_BLOCKS:
      return &pool_blocks_;
    case HL_SECTION_MAPPED_REGIONS:
      return &mapped_regions_;
    default:
      return nullptr;
  }
}

void SectionDecoder::Reserve(uint32_t section_id, uint64_t record_count) {
  if (const BlockState* const state = BlocksOf(section_id)) {
    BlockColumns* const columns = state->columns;
    columns->address.reserve(record_count);
    columns->requested_bytes.reserve(record_count);
    columns->node.reserve(record_count);
    columns->epoch.reserve(record_count);
  }
  graph_.Reserve(section_id, record_count);
}

void SectionDecoder::EndSection(const ScannedSection& section, uint64_t read,
                                const RecordReader& reader) {
  const HlSectionHeader& header = section.header;
  read_records_[header.id] += read;
  if (!reader.is_sound() || read < header.record_count) {
    snapshot_->damage.push_back(
        absl::StrCat(SectionName(header.id), ": section at byte ",
                     section.offset, " holds ", read, " of its ",
                     header.record_count, " records, the rest is malformed"));
  } else if (!reader.is_at_end()) {
    snapshot_->damage.push_back(absl::StrCat(
        SectionName(header.id), ": section at byte ", section.offset,
        " has bytes behind its last record, "
        "which are left out"));
  }
}

void SectionDecoder::DecodeNodes(const ScannedSection& section,
                                 absl::Span<const unsigned char> payload) {
  RecordReader reader(payload);
  const uint64_t first = reader.Number();
  const uint64_t count = section.header.record_count;
  uint64_t previous = 0;
  uint64_t read = 0;
  for (; read < count; ++read) {
    if (!reader.is_sound() || reader.is_at_end()) break;
    const uint64_t id = first + read;
    if (id == 0 || id < first || id >= most_nodes_) break;
    DecodeNode(id, &previous, &reader);
    if (!reader.is_sound()) break;
  }
  EndSection(section, read, reader);
}

void SectionDecoder::DecodeNode(uint64_t id, uint64_t* previous,
                                RecordReader* reader) {
  const uint64_t head = reader->Number();
  const uint64_t address = *previous + static_cast<uint64_t>(reader->Signed());
  const uint32_t generation =
      (head & kGenerationBit) != 0 ? reader->Number32() : 0;
  if (!reader->is_sound()) return;
  *previous = address;
  NodeColumns& nodes = snapshot_->nodes;
  if (id >= nodes.size()) {
    nodes.address.resize(id + 1, HL_SPECIAL_UNKNOWN);
    nodes.parent.resize(id + 1, NodeId{0});
    nodes.kind.resize(id + 1, kUndefinedKind);
    nodes.generation.resize(id + 1, 0);
  }
  if (nodes.kind[id] != kUndefinedKind) {
    Note("call-tree nodes: %d stand in the file twice: the first is used");
    return;
  }
  const uint64_t up = head >> 4;
  const uint32_t kind = head & kKindMask;
  if (up == 0 || up > id || kind > HL_NODE_SPECIAL) {
    Note(
        "call-tree nodes: %d have an impossible parent or kind: shown as "
        "unknown");
    nodes.kind[id] = HL_NODE_SPECIAL;
    return;
  }
  nodes.address[id] = address;
  nodes.parent[id] = static_cast<NodeId>(id - up);
  nodes.kind[id] = static_cast<uint8_t>(kind);
  nodes.generation[id] = generation;
}

void SectionDecoder::NodesAreComplete() {
  NodeColumns& nodes = snapshot_->nodes;
  uint64_t missing = 0;
  for (uint8_t& kind : nodes.kind) {
    if (kind != kUndefinedKind) continue;
    kind = HL_NODE_SPECIAL;
    ++missing;
  }
  if (missing > 0) {
    Note("call-tree nodes: %d are missing: shown as unknown", missing);
  }
  node_count_ = nodes.size();
  // One more, for the node that may be needed.
  CounterColumns& counters = snapshot_->counters;
  counters.total_count.assign(node_count_ + 1, 0);
  counters.total_bytes.assign(node_count_ + 1, 0);
  counters.temporary_count.assign(node_count_ + 1, 0);
}

NodeId SectionDecoder::CheckedNode(uint64_t id) {
  if (id < node_count_) return static_cast<NodeId>(id);
  needs_unknown_node_ = true;
  Note(
      "%d records name a call-tree node that is not in the file: shown as "
      "unknown");
  return static_cast<NodeId>(node_count_);
}

bool SectionDecoder::CheckSum(uint64_t value, uint64_t* sum) {
  if (value > kMaxTotal - *sum) return false;
  *sum += value;
  return true;
}

void SectionDecoder::Decode(const ScannedSection& section,
                            absl::Span<const unsigned char> payload) {
  const HlSectionHeader& header = section.header;
  const SectionKind* const kind = FindSectionKind(header.id);
  if (kind == nullptr) {
    OpaqueSection opaque;
    opaque.id = header.id;
    opaque.record_count = header.record_count;
    opaque.bytes.assign(payload.begin(), payload.end());
    snapshot_->opaque_sections.push_back(std::move(opaque));
    return;
  }
  RecordReader reader(payload);
  read_ = 0;
  if (GraphDecoder::Decodes(header.id)) {
    read_ = graph_.Decode(header.id, header.record_count, payload, &reader);
    EndSection(section, read_, reader);
    return;
  }
  BlockState* const blocks = BlocksOf(header.id);
  if (blocks != nullptr) {
    DecodeBlocks(header.record_count, &reader, blocks);
  } else if (header.id == HL_SECTION_COUNTERS) {
    DecodeCounters(header.record_count, &reader);
  } else if (header.id == HL_SECTION_EPOCHS) {
    DecodeEpochs(header.record_count, &reader);
  } else {
    DecodeRecords(header.id, header.record_count, &reader);
  }
  EndSection(section, read_, reader);
}

void SectionDecoder::DecodeRecords(uint32_t section_id, uint64_t record_count,
                                   RecordReader* reader) {
  using Method = void (SectionDecoder::*)(RecordReader*);
  static constexpr struct {
    uint32_t id;
    Method method;
  } kMethods[] = {
      {HL_SECTION_PROPERTIES, &SectionDecoder::DecodeProperty},
      {HL_SECTION_MODULES, &SectionDecoder::DecodeModule},
      {HL_SECTION_THREADS, &SectionDecoder::DecodeThread},
      {HL_SECTION_LABELS, &SectionDecoder::DecodeLabel},
      {HL_SECTION_MAPPINGS, &SectionDecoder::DecodeMapping},
      {HL_SECTION_ROOT_REGIONS, &SectionDecoder::DecodeRootRegion},
      {HL_SECTION_EXPECTED_DEAD, &SectionDecoder::DecodeExpectedDead},
      {HL_SECTION_SYMBOLS, &SectionDecoder::DecodeSymbol},
      {HL_SECTION_END, &SectionDecoder::DecodeProperty},
  };
  for (const auto& row : kMethods) {
    if (row.id != section_id) continue;
    while (read_ < record_count && !reader->is_at_end()) {
      (this->*row.method)(reader);
      if (!reader->is_sound()) return;
      ++read_;
    }
  }
}

void SectionDecoder::DecodeProperty(RecordReader* reader) {
  const uint64_t key = reader->Number();
  Property property;
  property.is_text = (key & 1) != 0;
  if (property.is_text) {
    property.text = reader->Text(HL_MAX_TEXT_BYTES);
  } else {
    property.number = reader->Number();
  }
  if (!reader->is_sound()) return;
  if (key >> 1 > UINT32_MAX) {
    Note("properties: %d have an impossible id: left out");
    return;
  }
  const uint32_t id = static_cast<uint32_t>(key >> 1);
  const PropertyRow* const row = FindPropertyById(id);
  if (row != nullptr && row->is_text != property.is_text) {
    Note(
        "properties: %d are a number for a text or a text for a number: left "
        "out");
    return;
  }
  if (property.number > MostOfProperty(id)) {
    Note("properties: %d are impossibly large: left out");
    return;
  }
  snapshot_->properties[id] = std::move(property);
}

void SectionDecoder::DecodeModule(RecordReader* reader) {
  Module module;
  module.start = reader->Number();
  const uint64_t bytes = reader->Number();
  module.end = module.start + bytes;
  module.load_bias = reader->Signed();
  module.generation = reader->Number32();
  module.flags = reader->Number32();
  module.build_id = reader->Text(HL_MAX_LABEL_BYTES);
  module.path = reader->Text(HL_MAX_PATH_BYTES);
  if (!reader->is_sound()) return;
  if (module.end < module.start) {
    Note("modules: %d have an impossible range: left out");
    return;
  }
  snapshot_->modules.push_back(std::move(module));
}

void SectionDecoder::DecodeThread(RecordReader* reader) {
  Thread thread;
  thread.tid = reader->Number();
  thread.flags = reader->Number32();
  const uint64_t node = reader->Number();
  thread.stack_pointer = reader->Number();
  thread.stack_end = reader->Number();
  thread.name = reader->Text(HL_MAX_TEXT_BYTES);
  if (!reader->is_sound()) return;
  thread.node = CheckedNode(node);
  snapshot_->threads.push_back(std::move(thread));
}

void SectionDecoder::DecodeLabel(RecordReader* reader) {
  NodeLabel label;
  const uint64_t node = reader->Number();
  label.address = reader->Number();
  label.name = reader->Text(HL_MAX_TEXT_BYTES);
  if (!reader->is_sound()) return;
  if (node >= node_count_) {
    Note(
        "labels: %d are of a call-tree node that is not in the file: left "
        "out");
    return;
  }
  label.node = static_cast<NodeId>(node);
  snapshot_->labels.push_back(std::move(label));
}

void SectionDecoder::DecodeCounters(uint64_t record_count,
                                    RecordReader* reader) {
  CounterColumns& counters = snapshot_->counters;
  uint64_t node = 0;
  for (; read_ < record_count && !reader->is_at_end(); ++read_) {
    node += reader->Number();
    const uint64_t count = reader->Number();
    const uint64_t bytes = reader->Number();
    const uint64_t temporary = reader->Number();
    if (!reader->is_sound()) return;
    const uint32_t index = Index(CheckedNode(node));
    if (!CheckSum(count, &counter_sums_[0]) ||
        !CheckSum(bytes, &counter_sums_[1]) ||
        !CheckSum(temporary, &counter_sums_[2])) {
      Note("counters: %d are impossibly large: left out");
      continue;
    }
    counters.total_count[index] += count;
    counters.total_bytes[index] += bytes;
    counters.temporary_count[index] += temporary;
  }
}

void SectionDecoder::DecodeEpochs(uint64_t record_count, RecordReader* reader) {
  EpochRecord epoch;
  for (; read_ < record_count && !reader->is_at_end(); ++read_) {
    epoch.epoch += reader->Number();
    epoch.started_ns += reader->Number();
    epoch.snapshot_sequence_plus_1 = reader->Number();
    if (!reader->is_sound()) return;
    snapshot_->epochs.push_back(epoch);
  }
}

void SectionDecoder::DecodeBlocks(uint64_t record_count, RecordReader* reader,
                                  BlockState* state) {
  BlockColumns* const columns = state->columns;
  uint64_t granule = 0;  // address >> HL_BLOCK_ALIGNMENT_SHIFT
  for (; read_ < record_count && !reader->is_at_end(); ++read_) {
    const uint64_t step = reader->Number();
    const uint64_t bytes = reader->Number();
    const uint64_t node = reader->Number();
    const uint64_t epoch = reader->Number();
    if (!reader->is_sound()) return;
    // Once out of range, all that follow in this section are: their addresses
    // count from here.
    granule = step > kMostGranule - std::min(granule, kMostGranule)
                  ? kMostGranule + 1
                  : granule + step;
    const uint64_t address = granule << HL_BLOCK_ALIGNMENT_SHIFT;
    if (granule > kMostGranule || bytes > HL_MAX_ADDRESS - address ||
        (!columns->address.empty() && address <= columns->address.back()) ||
        epoch > kMostEpoch || !CheckSum(bytes, &state->bytes_sum)) {
      Note(
          "blocks: %d have an impossible address, size or epoch, or stand out "
          "of order: left out");
      continue;
    }
    columns->address.push_back(address);
    columns->requested_bytes.push_back(bytes);
    columns->node.push_back(CheckedNode(node));
    columns->epoch.push_back(static_cast<uint16_t>(epoch));
  }
}

void SectionDecoder::DecodeMapping(RecordReader* reader) {
  Mapping mapping;
  mapping.start = reader->Number();
  mapping.bytes = reader->Number();
  mapping.rss_bytes = reader->Number();
  mapping.flags = reader->Number32();
  mapping.path = reader->Text(HL_MAX_PATH_BYTES);
  if (!reader->is_sound()) return;
  if (mapping.bytes > UINT64_MAX - mapping.start) {
    Note("mappings: %d have an impossible range: left out");
    return;
  }
  snapshot_->mappings.push_back(std::move(mapping));
}

void SectionDecoder::DecodeRootRegion(RecordReader* reader) {
  AddressRange range;
  range.start = reader->Number();
  range.bytes = reader->Number();
  if (!reader->is_sound()) return;
  if (range.bytes > UINT64_MAX - range.start) {
    Note("root regions: %d have an impossible range: left out");
    return;
  }
  snapshot_->root_regions.push_back(range);
}

void SectionDecoder::DecodeExpectedDead(RecordReader* reader) {
  ExpectedDead dead;
  dead.address = reader->Number();
  dead.label = reader->Text(HL_MAX_TEXT_BYTES);
  if (reader->is_sound()) snapshot_->expected_dead.push_back(std::move(dead));
}

void SectionDecoder::DecodeSymbol(RecordReader* reader) {
  NodeSymbol symbol;
  const uint64_t node = reader->Number();
  symbol.line = reader->Number32();
  symbol.is_inlined = (reader->Number() & HL_SYMBOL_INLINED) != 0;
  symbol.function = reader->Text(HL_MAX_TEXT_BYTES);
  symbol.file = reader->Text(HL_MAX_TEXT_BYTES);
  symbol.module = reader->Text(HL_MAX_TEXT_BYTES);
  if (!reader->is_sound()) return;
  if (node >= node_count_) {
    Note(
        "symbols: %d are of a call-tree node that is not in the file: left "
        "out");
    return;
  }
  symbol.node = static_cast<NodeId>(node);
  snapshot_->symbols.push_back(std::move(symbol));
}

void SectionDecoder::Finish() {
  CounterColumns& counters = snapshot_->counters;
  if (needs_unknown_node_) {
    NodeColumns& nodes = snapshot_->nodes;
    nodes.address.push_back(HL_SPECIAL_UNKNOWN);
    nodes.parent.push_back(NodeId{0});
    nodes.kind.push_back(HL_NODE_SPECIAL);
    nodes.generation.push_back(0);
  } else {
    counters.total_count.pop_back();
    counters.total_bytes.pop_back();
    counters.temporary_count.pop_back();
  }
  SortSymbols(&snapshot_->symbols);
  graph_.Finish();
  notes_.AppendTo(&snapshot_->damage);
}

}  // namespace heapline

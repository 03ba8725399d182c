#include "analyzer/snapshot/graph_encoder.h"

namespace heapline {
namespace {

using Section = SectionWriter::Section;

int64_t GranulesBetween(uint64_t previous, uint64_t address) {
  return static_cast<int64_t>(address - previous) >> HL_BLOCK_ALIGNMENT_SHIFT;
}

void PutRoots(const RootColumns& roots, SectionWriter* writer) {
  uint64_t source = 0;
  uint64_t block = 0;
  for (size_t i = 0; i < roots.size(); ++i) {
    writer->PutNumber(roots.kind[i]);
    writer->PutNumber(roots.owner[i]);
    writer->PutSigned(static_cast<int64_t>(roots.source[i] - source));
    writer->PutSigned(GranulesBetween(block, roots.block[i]));
    writer->PutNumber(roots.place[i]);
    const Section state = writer->EndRecord(HL_SECTION_ROOTS);
    source = state == Section::kWasCut ? 0 : roots.source[i];
    block = state == Section::kWasCut ? 0 : roots.block[i];
  }
  writer->EndSection(HL_SECTION_ROOTS);
}

void PutEdges(uint32_t section_id, const std::vector<EdgeSection>& sections,
              SectionWriter* writer) {
  for (const EdgeSection& section : sections) {
    writer->AddSection(section_id, section.record_count, section.bytes);
  }
}

void PutObjectWords(const ObjectWordColumns& words, SectionWriter* writer) {
  Section state = Section::kWasCut;
  uint64_t block = 0;
  uint64_t address = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool is_first = state == Section::kWasCut;
    if (is_first) block = address = 0;
    const bool has_block = is_first || words.block[i] != block;
    writer->PutNumber(uint64_t{words.index[i]} << 3 | (has_block ? 4u : 0u) |
                      words.kind[i]);
    if (has_block) {
      writer->PutNumber((words.block[i] - block) >> HL_BLOCK_ALIGNMENT_SHIFT);
      block = words.block[i];
    }
    if (words.kind[i] == HL_WORD_MODULE) {
      writer->PutSigned(static_cast<int64_t>(words.value[i] - address));
      address = words.value[i];
    } else {
      writer->PutNumber(words.value[i] & UINT32_MAX);
      writer->PutNumber(words.value[i] >> 32);
    }
    state = writer->EndRecord(HL_SECTION_OBJECT_WORDS);
  }
  writer->EndSection(HL_SECTION_OBJECT_WORDS);
}

void PutRootAreas(const Snapshot& snapshot, SectionWriter* writer) {
  for (const RootArea& area : snapshot.root_areas) {
    writer->PutNumber(area.kind);
    writer->PutNumber(area.owner);
    writer->PutNumber(area.start);
    writer->PutNumber(area.bytes);
    writer->PutNumber(area.unreadable_bytes);
    writer->EndRecord(HL_SECTION_ROOT_AREAS);
  }
  writer->EndSection(HL_SECTION_ROOT_AREAS);
}

}  // namespace

void PutGraph(const Snapshot& snapshot, SectionWriter* writer) {
  PutRoots(snapshot.roots, writer);
  PutEdges(HL_SECTION_EDGES, snapshot.edges, writer);
  PutEdges(HL_SECTION_WEAK_EDGES, snapshot.weak_edges, writer);
  PutObjectWords(snapshot.object_words, writer);
  for (const TypeName& type : snapshot.type_names) {
    writer->PutNumber(type.address);
    writer->PutText(type.name);
    writer->EndRecord(HL_SECTION_TYPE_NAMES);
  }
  writer->EndSection(HL_SECTION_TYPE_NAMES);
  PutRootAreas(snapshot, writer);
}

}  // namespace heapline

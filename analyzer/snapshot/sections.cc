#include "analyzer/snapshot/sections.h"

#include "absl/strings/str_cat.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {
namespace {

constexpr uint32_t Written(PropertyId id) { return static_cast<uint32_t>(id); }

constexpr SectionKind kSectionKinds[] = {
    {HL_SECTION_PROPERTIES, "properties", 2, 0},
    {HL_SECTION_MODULES, "modules", 7, Written(PropertyId::written_modules)},
    {HL_SECTION_THREADS, "threads", 6, Written(PropertyId::written_threads)},
    {HL_SECTION_LABELS, "labels", 3, 0},
    {HL_SECTION_NODES, "call-tree nodes", 2,
     Written(PropertyId::written_nodes)},
    {HL_SECTION_COUNTERS, "counters", 4, Written(PropertyId::written_counters)},
    {HL_SECTION_BLOCKS, "blocks", 4, Written(PropertyId::written_blocks)},
    {HL_SECTION_EPOCHS, "epochs", 3, 0},
    {HL_SECTION_POOL_BLOCKS, "pool blocks", 4, 0},
    {HL_SECTION_MAPPED_REGIONS, "mapped regions", 4, 0},
    {HL_SECTION_ROOTS, "roots", 5, Written(PropertyId::written_roots)},
    {HL_SECTION_EDGES, "edges", 2, Written(PropertyId::written_edges)},
    {HL_SECTION_OBJECT_WORDS, "object words", 2,
     Written(PropertyId::written_object_words)},
    {HL_SECTION_MAPPINGS, "mappings", 5, 0},
    {HL_SECTION_ROOT_REGIONS, "root regions", 2, 0},
    {HL_SECTION_EXPECTED_DEAD, "expected-dead blocks", 2, 0},
    {HL_SECTION_SYMBOLS, "symbols", 6, 0},
    {HL_SECTION_TYPE_NAMES, "type names", 2, 0},
    {HL_SECTION_ROOT_AREAS, "root areas", 5, 0},
    {HL_SECTION_WEAK_EDGES, "weak edges", 2, 0},
    {HL_SECTION_END, "end", 2, 0},
};

constexpr PropertyId kTotals[] = {
    PropertyId::live_bytes,  PropertyId::live_count,
    PropertyId::peak_bytes,  PropertyId::total_bytes,
    PropertyId::total_count, PropertyId::temporary_count};

}  // namespace

uint64_t MostOfProperty(uint32_t id) {
  for (const PropertyId total : kTotals) {
    if (static_cast<uint32_t>(total) == id) return kMaxTotal;
  }
  return UINT64_MAX;
}

absl::Span<const SectionKind> SectionKinds() { return kSectionKinds; }

const SectionKind* FindSectionKind(uint32_t id) {
  for (const SectionKind& kind : kSectionKinds) {
    if (kind.id == id) return &kind;
  }
  return nullptr;
}

std::string SectionName(uint32_t id) {
  const SectionKind* const kind = FindSectionKind(id);
  return kind != nullptr ? kind->name : absl::StrCat("section ", id);
}

}  // namespace heapline

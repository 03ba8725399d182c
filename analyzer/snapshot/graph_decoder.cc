#include "analyzer/snapshot/graph_decoder.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "analyzer/snapshot/sections.h"

namespace heapline {
namespace {

constexpr uint64_t kHasBlockBit = 4;
constexpr uint64_t kWordKindMask = 3;

constexpr char kBadRoots[] =
    "roots: %d have an unknown kind or an impossible address: left out";
constexpr char kBadEdges[] = "edges: %d stand out of order: left out";
constexpr char kBadWeakEdges[] = "weak edges: %d stand out of order: left out";
constexpr char kBadWords[] =
    "object words: %d have an impossible address, index or count, or stand out "
    "of order: left out";
constexpr char kBadTypeNames[] =
    "type names: %d are of an address that has one: the first is used";
constexpr char kBadAreas[] =
    "root areas: %d have an unknown kind or an impossible range: left out";

bool IsBefore(const Edge& a, const Edge& b) {
  return std::tie(a.from, a.offset) < std::tie(b.from, b.offset);
}

}  // namespace

GraphDecoder::GraphDecoder(Snapshot* snapshot, DamageNotes* notes)
    : snapshot_(snapshot),
      notes_(notes),
      edges_{&snapshot->edges, kBadEdges, Edge()},
      weak_edges_{&snapshot->weak_edges, kBadWeakEdges, Edge()} {}

bool GraphDecoder::Decodes(uint32_t section_id) {
  return section_id == HL_SECTION_ROOTS || section_id == HL_SECTION_EDGES ||
         section_id == HL_SECTION_OBJECT_WORDS ||
         section_id == HL_SECTION_TYPE_NAMES ||
         section_id == HL_SECTION_ROOT_AREAS ||
         section_id == HL_SECTION_WEAK_EDGES;
}

void GraphDecoder::Reserve(uint32_t section_id, uint64_t record_count) {
  if (section_id == HL_SECTION_ROOTS) {
    RootColumns& roots = snapshot_->roots;
    roots.kind.reserve(record_count);
    roots.owner.reserve(record_count);
    roots.source.reserve(record_count);
    roots.block.reserve(record_count);
    roots.place.reserve(record_count);
  } else if (section_id == HL_SECTION_OBJECT_WORDS) {
    ObjectWordColumns& words = snapshot_->object_words;
    words.block.reserve(record_count);
    words.index.reserve(record_count);
    words.kind.reserve(record_count);
    words.value.reserve(record_count);
  }
}

uint64_t GraphDecoder::Decode(uint32_t section_id, uint64_t record_count,
                              absl::Span<const unsigned char> payload,
                              RecordReader* reader) {
  switch (section_id) {
    case HL_SECTION_ROOTS:
      return DecodeRoots(record_count, reader);
    case HL_SECTION_EDGES:
      return DecodeEdges(record_count, payload, reader, &edges_);
    case HL_SECTION_WEAK_EDGES:
      return DecodeEdges(record_count, payload, reader, &weak_edges_);
    case HL_SECTION_OBJECT_WORDS:
      return DecodeObjectWords(record_count, reader);
    case HL_SECTION_TYPE_NAMES:
      return DecodeTypeNames(record_count, reader);
    case HL_SECTION_ROOT_AREAS:
      return DecodeRootAreas(record_count, reader);
    default:
      return 0;
  }
}

uint64_t GraphDecoder::DecodeRoots(uint64_t record_count,
                                   RecordReader* reader) {
  RootColumns& roots = snapshot_->roots;
  uint64_t source = 0;
  uint64_t granule = 0;
  uint64_t read = 0;
  for (; read < record_count && !reader->is_at_end(); ++read) {
    const uint64_t kind = reader->Number();
    const uint32_t owner = reader->Number32();
    // Steps wrap as they were taken: a bad address harms its record alone.
    source += static_cast<uint64_t>(reader->Signed());
    granule += static_cast<uint64_t>(reader->Signed());
    const uint64_t place = reader->Number();
    if (!reader->is_sound()) break;
    if (kind >= HL_ROOT_KINDS || granule > kMostGranule ||
        place > HL_MAX_ADDRESS) {
      notes_->Add(kBadRoots);
      continue;
    }
    roots.kind.push_back(static_cast<uint8_t>(kind));
    roots.owner.push_back(owner);
    roots.source.push_back(source);
    roots.block.push_back(granule << HL_BLOCK_ALIGNMENT_SHIFT);
    roots.place.push_back(place);
  }
  return read;
}

// The records stay encoded, so only what stands at a section's begin can be
// kept: up to the first that is malformed or out of order.
uint64_t GraphDecoder::DecodeEdges(uint64_t record_count,
                                   absl::Span<const unsigned char> payload,
                                   RecordReader* reader, EdgeState* state) {
  EdgeReader edges(payload);
  Edge edge;
  uint64_t read = 0;
  uint64_t kept = 0;
  size_t kept_bytes = 0;
  for (; read < record_count && !edges.is_at_end(); ++read) {
    if (!edges.Next(&edge)) break;
    const bool follows =
        read > 0 || state->sections->empty() || IsBefore(state->last, edge);
    if (kept < read || !follows || !edges.is_ordered()) continue;
    ++kept;
    kept_bytes = payload.size() - edges.bytes_left();
    state->last = edge;
  }
  if (kept < read) notes_->Add(state->problem, read - kept);
  if (kept > 0) {
    EdgeSection section;
    section.record_count = kept;
    section.bytes.assign(reinterpret_cast<const char*>(payload.data()),
                         kept_bytes);
    state->sections->push_back(std::move(section));
  }
  *reader = RecordReader(payload.subspan(payload.size() - edges.bytes_left()));
  return read;
}

uint64_t GraphDecoder::DecodeObjectWords(uint64_t record_count,
                                         RecordReader* reader) {
  uint64_t granule = 0;
  uint64_t address = 0;
  uint64_t read = 0;
  for (; read < record_count && !reader->is_at_end(); ++read) {
    const uint64_t head = reader->Number();
    const bool has_block = (head & kHasBlockBit) != 0;
    if (!has_block && read == 0) break;  // of which block?
    const uint64_t step = has_block ? reader->Number() : 0;
    // Once out of range, all that follow are: they count from here.
    granule = step > kMostGranule - std::min(granule, kMostGranule)
                  ? kMostGranule + 1
                  : granule + step;
    uint64_t value = 0;
    if ((head & kWordKindMask) == HL_WORD_MODULE) {
      address += static_cast<uint64_t>(reader->Signed());
      value = address;
    } else if ((head & kWordKindMask) == HL_WORD_COUNTS) {
      const uint64_t low = reader->Number();
      const uint64_t high = reader->Number();
      value = low < HL_MAX_COUNT && high < HL_MAX_COUNT ? high << 32 | low
                                                        : UINT64_MAX;
    } else {
      break;  // no saying where the next record begins
    }
    if (!reader->is_sound()) break;
    if (!AddObjectWord(head, granule, value)) notes_->Add(kBadWords);
  }
  return read;
}

bool GraphDecoder::AddObjectWord(uint64_t head, uint64_t granule,
                                 uint64_t value) {
  ObjectWordColumns& words = snapshot_->object_words;
  const uint64_t kind = head & kWordKindMask;
  const uint64_t index = head >> 3;
  const uint64_t block = granule << HL_BLOCK_ALIGNMENT_SHIFT;
  if (granule > kMostGranule || index >= HL_OBJECT_WORDS ||
      (kind == HL_WORD_MODULE ? value >= HL_MAX_ADDRESS
                              : value == UINT64_MAX)) {
    return false;
  }
  if (words.size() > 0 &&
      (block < words.block.back() ||
       (block == words.block.back() && index <= words.index.back()))) {
    return false;
  }
  words.block.push_back(block);
  words.index.push_back(static_cast<uint8_t>(index));
  words.kind.push_back(static_cast<uint8_t>(kind));
  words.value.push_back(value);
  return true;
}

uint64_t GraphDecoder::DecodeTypeNames(uint64_t record_count,
                                       RecordReader* reader) {
  uint64_t read = 0;
  for (; read < record_count && !reader->is_at_end(); ++read) {
    TypeName type;
    type.address = reader->Number();
    type.name = reader->Text(HL_MAX_TEXT_BYTES);
    if (!reader->is_sound()) break;
    snapshot_->type_names.push_back(std::move(type));
  }
  return read;
}

uint64_t GraphDecoder::DecodeRootAreas(uint64_t record_count,
                                       RecordReader* reader) {
  uint64_t read = 0;
  for (; read < record_count && !reader->is_at_end(); ++read) {
    RootArea area;
    const uint64_t kind = reader->Number();
    area.owner = reader->Number32();
    area.start = reader->Number();
    area.bytes = reader->Number();
    area.unreadable_bytes = reader->Number();
    if (!reader->is_sound()) break;
    if (kind >= HL_ROOT_KINDS || area.bytes > UINT64_MAX - area.start ||
        area.unreadable_bytes > UINT64_MAX - area.bytes) {
      notes_->Add(kBadAreas);
      continue;
    }
    area.kind = static_cast<uint8_t>(kind);
    snapshot_->root_areas.push_back(area);
  }
  return read;
}

void GraphDecoder::Finish() {
  std::vector<TypeName>& types = snapshot_->type_names;
  const auto is_before = [](const TypeName& a, const TypeName& b) {
    return a.address < b.address;
  };
  std::stable_sort(types.begin(), types.end(), is_before);
  const auto end = std::unique(types.begin(), types.end(),
                               [](const TypeName& a, const TypeName& b) {
                                 return a.address == b.address;
                               });
  if (end == types.end()) return;
  notes_->Add(kBadTypeNames, types.end() - end);
  types.erase(end, types.end());
}

}  // namespace heapline

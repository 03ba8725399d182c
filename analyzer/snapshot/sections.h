// sections.h: what every form of a snapshot agrees on about its sections: which
// ids have records that this version reads, their names, the least bytes of a
// record, and the limits that keep sums in range. Constants: thread-safe.
#ifndef HEAPLINE_ANALYZER_SNAPSHOT_SECTIONS_H_
#define HEAPLINE_ANALYZER_SNAPSHOT_SECTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "heapline/snapshot_format.h"

namespace heapline {

struct SectionKind {
  uint32_t id;
  const char* name;  // in messages and `written_…` properties
  size_t least_record_bytes;
  uint32_t written_property;  // id of written_…; 0: not counted
};

// The sections whose records this version reads, by id.
absl::Span<const SectionKind> SectionKinds();
// nullptr where `id` is unknown.
const SectionKind* FindSectionKind(uint32_t id);
inline bool IsReadSection(uint32_t id) {
  return FindSectionKind(id) != nullptr;
}
// "blocks", or "section 77" where the id has no name.
std::string SectionName(uint32_t id);

// No single total, and no sum of one column, is above this: sums and signed
// differences of them never overflow.
constexpr uint64_t kMaxTotal = uint64_t{1} << 61;

// The last address of all at which a block can start, in units of
// 1 << HL_BLOCK_ALIGNMENT_SHIFT bytes.
constexpr uint64_t kMostGranule =
    (HL_MAX_ADDRESS - 1) >> HL_BLOCK_ALIGNMENT_SHIFT;

// The largest value that property `id` can have: kMaxTotal for those that
// state a total, any number for others.
uint64_t MostOfProperty(uint32_t id);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SNAPSHOT_SECTIONS_H_

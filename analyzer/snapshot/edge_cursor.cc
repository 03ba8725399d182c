#include "analyzer/snapshot/edge_cursor.h"

#include "analyzer/snapshot/sections.h"

namespace heapline {
namespace {

absl::Span<const unsigned char> BytesOf(const EdgeSection& section) {
  return {reinterpret_cast<const unsigned char*>(section.bytes.data()),
          section.bytes.size()};
}

}  // namespace

bool EdgeReader::Next(Edge* edge) {
  const uint64_t head = reader_.Number();
  const bool has_from = (head & 2) != 0;
  const bool is_interior = (head & 1) != 0;
  const uint64_t words = head >> 2;
  const uint64_t from_step = has_from ? reader_.Number() : 0;
  const int64_t to_step = reader_.Signed();
  const uint64_t place = is_interior ? reader_.Number() : 0;
  if (!reader_.is_sound() || (is_first_ && !has_from)) return false;
  const uint64_t from = last_.from >> HL_BLOCK_ALIGNMENT_SHIFT;
  const uint64_t to =
      (last_.to >> HL_BLOCK_ALIGNMENT_SHIFT) + static_cast<uint64_t>(to_step);
  if (from_step > kMostGranule - from || to > kMostGranule ||
      words > HL_MAX_ADDRESS / 8 || place > HL_MAX_ADDRESS ||
      (is_interior && place == 0)) {
    return false;
  }
  const uint64_t offset = words * 8 + (has_from ? 0 : last_.offset);
  if (offset > HL_MAX_ADDRESS) return false;
  // Each word once; a block begins once.
  if (!is_first_ && (has_from ? from_step == 0 : words == 0)) {
    is_ordered_ = false;
  }
  is_first_ = false;
  last_.from = (from + from_step) << HL_BLOCK_ALIGNMENT_SHIFT;
  last_.offset = offset;
  last_.to = to << HL_BLOCK_ALIGNMENT_SHIFT;
  last_.place = place;
  *edge = last_;
  return true;
}

EdgeCursor::EdgeCursor(const std::vector<EdgeSection>& sections)
    : sections_(sections), reader_(absl::Span<const unsigned char>()) {}

bool EdgeCursor::Next() {
  while (reader_.is_at_end() || !reader_.Next(&edge_)) {
    if (next_section_ == sections_.size()) return false;
    reader_ = EdgeReader(BytesOf(sections_[next_section_++]));
  }
  return true;
}

}  // namespace heapline

#include "analyzer/snapshot/edge_encoder.h"

#include <utility>

#include "analyzer/snapshot/section_writer.h"

namespace heapline {

void EdgeEncoder::Add(const Edge& edge) {
  if (sections_.empty() ||
      sections_.back().bytes.size() >= kUsualSectionBytes) {
    sections_.emplace_back();
    last_ = Edge();
  }
  EdgeSection& section = sections_.back();
  const bool has_from = section.record_count == 0 || edge.from != last_.from;
  const uint64_t words = (edge.offset - (has_from ? 0 : last_.offset)) / 8;
  AppendNumber(&section.bytes, words << 2 | (has_from ? 2u : 0u) |
                                   (edge.is_interior() ? 1u : 0u));
  if (has_from) {
    AppendNumber(&section.bytes,
                 (edge.from - last_.from) >> HL_BLOCK_ALIGNMENT_SHIFT);
  }
  // Addresses are multiples of 16 below 2^57: no bit is lost.
  AppendSigned(&section.bytes, static_cast<int64_t>(edge.to - last_.to) >>
                                   HL_BLOCK_ALIGNMENT_SHIFT);
  if (edge.is_interior()) AppendNumber(&section.bytes, edge.place);
  ++section.record_count;
  last_ = edge;
}

std::vector<EdgeSection> EdgeEncoder::Take() {
  last_ = Edge();
  return std::exchange(sections_, {});
}

}  // namespace heapline

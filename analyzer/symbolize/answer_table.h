// answer_table.h: what is known of the addresses of one module: for each
// link-time address its frames, innermost first; every frame but the last is
// inlined into the next. An address with no frames was looked for and not
// found, which is not the same as an address never asked for.
//
// Texts belong to the StringPool of the symbolizer. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_ANSWER_TABLE_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_ANSWER_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

namespace heapline {

// A frame as the debug information has it: no --path-map, no module name.
struct KnownFrame {
  const std::string* function = nullptr;  // demangled; "" when unknown
  const std::string* file = nullptr;      // "" when unknown
  uint32_t line = 0;                      // 0 when unknown
};

class AnswerTable {
 public:
  bool Has(uint64_t link_address) const {
    return place_by_address_.contains(link_address);
  }
  // Valid until the next Add.
  absl::Span<const KnownFrame> Find(uint64_t link_address) const {
    auto found = place_by_address_.find(link_address);
    if (found == place_by_address_.end()) return {};
    return absl::MakeConstSpan(frames_).subspan(found->second.first_frame,
                                                found->second.frame_count);
  }
  // The first answer for an address stays.
  void Add(uint64_t link_address, absl::Span<const KnownFrame> frames) {
    auto inserted = place_by_address_.try_emplace(
        link_address, Place{frames_.size(), frames.size()});
    if (!inserted.second) return;
    frames_.insert(frames_.end(), frames.begin(), frames.end());
  }
  void Reserve(size_t address_count) {
    place_by_address_.reserve(place_by_address_.size() + address_count);
  }

  size_t AddressCount() const { return place_by_address_.size(); }
  // Ascending.
  std::vector<uint64_t> Addresses() const;

 private:
  struct Place {
    size_t first_frame;
    size_t frame_count;
  };
  absl::flat_hash_map<uint64_t, Place> place_by_address_;
  std::vector<KnownFrame> frames_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_ANSWER_TABLE_H_

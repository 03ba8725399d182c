#include "analyzer/symbolize/answer_table.h"

#include <algorithm>

namespace heapline {

std::vector<uint64_t> AnswerTable::Addresses() const {
  std::vector<uint64_t> addresses;
  addresses.reserve(place_by_address_.size());
  for (const auto& entry : place_by_address_) addresses.push_back(entry.first);
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

}  // namespace heapline

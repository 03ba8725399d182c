#include "analyzer/report/path_rows.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {

std::string ObjectText(const GraphSide& side, Vertex v) {
  return absl::StrCat(HexNumber(side.graph().Address(v)), " ", side.NameOf(v),
                      " (", HumanBytes(side.graph().RequestedBytes(v)), ")");
}

void AddHops(GraphSide* side, const RootPath& path, size_t most, Row* row) {
  RowList list{"hops", {}};
  const size_t size = path.hops.size();
  const size_t left_out = size > most ? size - most : 0;
  const size_t first_left_out = most - most / 2;
  for (size_t i = 0; i < size; ++i) {
    if (left_out > 0 && i == first_left_out) {
      row->lines.push_back(
          {{absl::StrCat("  ... ", Counted(left_out, "more object")),
            Tone::kFaint}});
      i += left_out - 1;
      continue;
    }
    const RootPath::Hop& hop = path.hops[i];
    const bool is_last = i + 1 == size;
    list.items.push_back(
        {{"address", static_cast<int64_t>(side->graph().Address(hop.object))},
         {"type", side->TypeOf(hop.object)},
         {"offset", static_cast<int64_t>(hop.offset)},
         {"member", is_last ? "" : side->MemberAt(hop.object, hop.offset)},
         {"site", side->SiteOf(hop.object)}});
    Line line = {{"  -> "}, {ObjectText(*side, hop.object)}};
    if (!is_last) {
      line.push_back({absl::StrCat(" ", side->WordText(hop.object, hop.offset)),
                      Tone::kFaint});
    }
    row->lines.push_back(std::move(line));
  }
  row->lists.push_back(std::move(list));
}

}  // namespace heapline

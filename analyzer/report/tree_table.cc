#include "analyzer/report/tree_table.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

// Deeper rows are not indented further: lines stay short.
constexpr uint32_t kMostIndented = 40;

std::string InBlocks(uint64_t bytes, uint64_t count) {
  return absl::StrCat(HumanBytes(bytes), " in ", Counted(count, "block"));
}

class TreeWriter {
 public:
  TreeWriter(TreeDirection direction, const std::string& first_name,
             ObjectKeys* keys, GraphSide* side)
      : is_up_(direction == TreeDirection::kUp),
        first_name_(first_name),
        keys_(keys),
        side_(side) {}

  Row Write(const TreeRow& tree) const {
    Row row;
    const bool is_object = tree.kind == TreeRow::Kind::kObjects;
    row.cells = {
        NameOfRow(tree),
        KindOf(tree),
        static_cast<int64_t>(tree.depth),
        tree.parent == TreeRow::kNoParent ? int64_t{-1}
                                          : static_cast<int64_t>(tree.parent),
        static_cast<int64_t>(is_object ? side_->graph().Address(tree.vertex)
                                       : 0),
        ReferenceText(tree),
        static_cast<int64_t>(tree.references),
        static_cast<int64_t>(tree.count),
        static_cast<int64_t>(tree.shallow_bytes),
        static_cast<int64_t>(tree.retained.bytes),
        static_cast<int64_t>(tree.retained.count)};
    row.lines = {LineOf(tree)};
    return row;
  }

 private:
  std::string NameOfRow(const TreeRow& tree) const {
    const bool is_group =
        tree.kind == TreeRow::Kind::kHolder &&
        side_->retention().HolderKind(tree.vertex) != Retention::Holder::kRoot;
    if (is_group) return side_->HolderName(tree.vertex);
    if (tree.parent == TreeRow::kNoParent) return first_name_;
    switch (tree.kind) {
      case TreeRow::Kind::kShared:
        return "held by several roots";
      case TreeRow::Kind::kRest:
        return "<more>";
      default:
        return keys_->Text(tree.name);
    }
  }

  std::string KindOf(const TreeRow& tree) const {
    switch (tree.kind) {
      case TreeRow::Kind::kObjects:
        return "objects";
      case TreeRow::Kind::kShared:
        return "shared";
      case TreeRow::Kind::kRest:
        return "more";
      case TreeRow::Kind::kHolder:
        break;
    }
    switch (side_->retention().HolderKind(tree.vertex)) {
      case Retention::Holder::kRoot:
        return "all";
      case Retention::Holder::kRootGroup: {
        const uint32_t group = side_->retention().RootGroupOf(tree.vertex);
        return WordOf(RootKindWords(), side_->root_groups().groups[group].kind);
      }
      default:
        return "leaked";
    }
  }

  // "next (+0x18)", "several", or "" where the reference is not told.
  std::string ReferenceText(const TreeRow& tree) const {
    switch (tree.reference) {
      case TreeRow::Reference::kAt:
        return side_->WordText(tree.referrer, tree.offset);
      case TreeRow::Reference::kSeveral:
        return "several";
      case TreeRow::Reference::kNone:
        break;
    }
    return "";
  }

  Line LineOf(const TreeRow& tree) const {
    Line line = {{std::string(2 * std::min(tree.depth, kMostIndented), ' ')}};
    if (tree.kind == TreeRow::Kind::kRest) {
      line.push_back({RestText(tree), Tone::kFaint});
      return line;
    }
    if (is_up_ && tree.parent != TreeRow::kNoParent) line.push_back({"<- "});
    if (tree.reference == TreeRow::Reference::kAt) {
      line.push_back({ReferenceText(tree) + " ", Tone::kFaint});
    }
    std::string name = NameOfRow(tree);
    const bool is_one = tree.kind == TreeRow::Kind::kObjects && tree.count <= 1;
    if (is_one) {
      absl::StrAppend(&name, " at ",
                      HexNumber(side_->graph().Address(tree.vertex)));
    } else if (tree.kind == TreeRow::Kind::kObjects) {
      name = absl::StrCat(tree.count, " x ", name);
    }
    line.push_back({std::move(name), Tone::kKey});
    line.push_back({absl::StrCat(": ", AmountsText(tree))});
    return line;
  }

  std::string AmountsText(const TreeRow& tree) const {
    std::string text;
    if (is_up_ && tree.parent != TreeRow::kNoParent) {
      absl::StrAppend(&text, Counted(tree.references, "reference"), ", ");
    }
    absl::StrAppend(
        &text, "retained=", InBlocks(tree.retained.bytes, tree.retained.count));
    const bool is_alone = tree.retained.count == tree.count &&
                          tree.retained.bytes == tree.shallow_bytes;
    if (tree.kind == TreeRow::Kind::kObjects && !is_alone) {
      absl::StrAppend(&text,
                      ", shallow=", InBlocks(tree.shallow_bytes, tree.count));
    }
    return text;
  }

  std::string RestText(const TreeRow& tree) const {
    const std::string amount = InBlocks(tree.shallow_bytes, tree.count);
    if (is_up_) {
      return tree.hidden_rows > 0
                 ? absl::StrCat("... ", Counted(tree.hidden_rows, "more row"),
                                ": ", amount)
                 : absl::StrCat("... further up: ",
                                Counted(tree.references, "reference"),
                                " from roots and from ", amount);
    }
    return tree.hidden_rows > 0
               ? absl::StrCat("... ", Counted(tree.hidden_rows, "more row"),
                              ": ", amount)
               : absl::StrCat("... further down: ", amount);
  }

  const bool is_up_;
  const std::string& first_name_;
  ObjectKeys* keys_;
  GraphSide* side_;
};

}  // namespace

Table TreeTable(const std::vector<TreeRow>& rows, TreeDirection direction,
                const std::string& first_name, ObjectKeys* keys,
                GraphSide* side) {
  const TreeWriter writer(direction, first_name, keys, side);
  Table table;
  table.columns = {{"key", Unit::kText, false},
                   {"kind", Unit::kText, false},
                   {"depth", Unit::kCount, false},
                   {"parent", Unit::kNone, false},
                   {"address", Unit::kNone, false},
                   {"reference", Unit::kText, false},
                   {"references", Unit::kCount, false},
                   {"count", Unit::kCount, true},
                   {"shallow_bytes", Unit::kBytes, true},
                   {"retained_bytes", Unit::kBytes, false},
                   {"retained_count", Unit::kCount, false}};
  int64_t count = 0, shallow_bytes = 0;
  for (const TreeRow& row : rows) {
    table.rows.push_back(writer.Write(row));
    count += static_cast<int64_t>(row.count);
    shallow_bytes += static_cast<int64_t>(row.shallow_bytes);
  }
  table.total = {std::string(), std::string(), int64_t{0}, int64_t{0},
                 int64_t{0},    std::string(), int64_t{0}, count,
                 shallow_bytes, int64_t{0},    int64_t{0}};
  return table;
}

}  // namespace heapline

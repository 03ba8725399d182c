#include "analyzer/symbolize/dwarf_functions.h"

#include <dwarf.h>

#include <algorithm>
#include <utility>

namespace heapline {
namespace {

// Deeper nesting than any compiler makes.
constexpr size_t kMaxNesting = 1024;
// Ranges read for each byte of the unit: a range list may be shared by
// hostile dies without number.
constexpr uint64_t kRangesPerByte = 2;

struct Level {
  Dwarf_Die die;    // next to be looked at
  uint32_t parent;  // entry
  uint32_t depth;   // in entries
};

// What is read of a function's die in one pass.
struct FunctionAttributes {
  Dwarf_Attribute low;
  Dwarf_Attribute high;
  bool has_low = false;
  bool has_high = false;
  bool has_ranges = false;
  Dwarf_Word call_file = 0;
  Dwarf_Word call_line = 0;
};

int NoteAttribute(Dwarf_Attribute* attribute, void* argument) {
  auto* found = static_cast<FunctionAttributes*>(argument);
  switch (dwarf_whatattr(attribute)) {
    case DW_AT_low_pc:
      found->low = *attribute;
      found->has_low = true;
      break;
    case DW_AT_high_pc:
      found->high = *attribute;
      found->has_high = true;
      break;
    case DW_AT_ranges:
      found->has_ranges = true;
      break;
    case DW_AT_call_file:
      if (dwarf_formudata(attribute, &found->call_file) != 0)
        found->call_file = 0;
      break;
    case DW_AT_call_line:
      if (dwarf_formudata(attribute, &found->call_line) != 0)
        found->call_line = 0;
      break;
    default:
      break;
  }
  return DWARF_CB_OK;
}

class FunctionWalk {
 public:
  FunctionWalk(uint64_t unit_bytes, absl::Span<const uint64_t> addresses,
               FunctionDepth depth)
      : addresses_(addresses),
        depth_(depth),
        dies_left_(unit_bytes),
        ranges_left_(unit_bytes * kRangesPerByte + 1024) {}

  FunctionTree Run(Dwarf_Die* unit) {
    Descend(unit, kNoValue, 0);
    while (!levels_.empty()) {
      if (dies_left_-- == 0) {
        tree_.is_cut = true;
        break;
      }
      const Level here = levels_.back();
      Dwarf_Die sibling;
      Dwarf_Die die = here.die;
      if (dwarf_siblingof(&die, &sibling) == 0) {
        levels_.back().die = sibling;
      } else {
        levels_.pop_back();
      }
      Visit(&die, here);
    }
    SortIntervals(&tree_.intervals);
    return std::move(tree_);
  }

 private:
  void Visit(Dwarf_Die* die, const Level& here) {
    switch (dwarf_tag(die)) {
      case DW_TAG_subprogram:
        VisitFunction(die, kNoValue, 0);
        break;
      case DW_TAG_inlined_subroutine:
        VisitFunction(die, here.parent, here.depth);
        break;
      case DW_TAG_lexical_block:
      case DW_TAG_try_block:
      case DW_TAG_catch_block:
      case DW_TAG_with_stmt:
      case DW_TAG_namespace:
      case DW_TAG_module:
        Descend(die, here.parent, here.depth);
        break;
      case DW_TAG_structure_type:
      case DW_TAG_class_type:
      case DW_TAG_union_type:
      case DW_TAG_interface_type:
        if (depth_ == FunctionDepth::kAnywhere) Descend(die, kNoValue, 0);
        break;
      default:
        break;
    }
  }

  void VisitFunction(Dwarf_Die* die, uint32_t parent, uint32_t depth) {
    FunctionAttributes attributes;
    dwarf_getattrs(die, NoteAttribute, &attributes, 0);
    const auto entry = static_cast<uint32_t>(tree_.entries.size());
    if (!AddIntervals(die, &attributes, entry, depth)) {
      if (depth_ == FunctionDepth::kAnywhere &&
          dwarf_tag(die) == DW_TAG_subprogram) {
        Descend(die, kNoValue, 0);
      }
      return;
    }
    tree_.entries.push_back({*die, parent,
                             static_cast<uint32_t>(std::min<Dwarf_Word>(
                                 attributes.call_file, UINT32_MAX)),
                             static_cast<uint32_t>(std::min<Dwarf_Word>(
                                 attributes.call_line, INT32_MAX))});
    Descend(die, entry, depth + 1);
  }

  // False if no address lies in the die's code; nothing is added then.
  bool AddIntervals(Dwarf_Die* die, FunctionAttributes* attributes,
                    uint32_t entry, uint32_t depth) {
    bool is_hit = false;
    const auto add = [&](uint64_t low, uint64_t high) {
      if (low >= high || !AnyAddressIn(addresses_, low, high)) return;
      tree_.intervals.push_back({low, high, depth, entry});
      is_hit = true;
    };
    if (attributes->has_low && attributes->has_high) {
      Dwarf_Addr low = 0;
      Dwarf_Addr high = 0;
      Dwarf_Word bytes = 0;
      if (dwarf_formaddr(&attributes->low, &low) != 0) return false;
      if (dwarf_formaddr(&attributes->high, &high) != 0) {
        if (dwarf_formudata(&attributes->high, &bytes) != 0 ||
            __builtin_add_overflow(low, bytes, &high)) {
          return false;
        }
      }
      add(low, high);
    } else if (attributes->has_ranges) {
      Dwarf_Addr base = 0;
      Dwarf_Addr low = 0;
      Dwarf_Addr high = 0;
      ptrdiff_t offset = 0;
      while ((offset = dwarf_ranges(die, offset, &base, &low, &high)) > 0) {
        if (ranges_left_ == 0) {
          tree_.is_cut = true;
          break;
        }
        --ranges_left_;
        add(low, high);
      }
    }
    return is_hit;
  }

  void Descend(Dwarf_Die* die, uint32_t parent, uint32_t depth) {
    Level level{{}, parent, depth};
    if (levels_.size() >= kMaxNesting) {
      tree_.is_cut = true;
      return;
    }
    if (dwarf_child(die, &level.die) == 0) levels_.push_back(level);
  }

  absl::Span<const uint64_t> addresses_;
  FunctionDepth depth_;
  uint64_t dies_left_;
  uint64_t ranges_left_;
  std::vector<Level> levels_;
  FunctionTree tree_;
};

}  // namespace

FunctionTree FunctionsCovering(Dwarf_Die* unit, uint64_t unit_bytes,
                               absl::Span<const uint64_t> addresses,
                               FunctionDepth depth) {
  return FunctionWalk(unit_bytes, addresses, depth).Run(unit);
}

}  // namespace heapline

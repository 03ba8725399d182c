// Invariant: entries of a list are looked at by ascending offset, and aliases
// and parts followed a bounded number of steps.
#include "analyzer/symbolize/class_layout.h"

#include <dwarf.h>

#include "absl/strings/str_cat.h"

namespace heapline {
namespace {

constexpr int kMostSteps = 32;  // aliases; bases and members on the way

// A name for another type, or a type with a qualifier.
bool IsAlias(int tag) {
  switch (tag) {
    case DW_TAG_typedef:
    case DW_TAG_const_type:
    case DW_TAG_volatile_type:
    case DW_TAG_restrict_type:
    case DW_TAG_atomic_type:
    case DW_TAG_immutable_type:
    case DW_TAG_packed_type:
    case DW_TAG_shared_type:
      return true;
    default:
      return false;
  }
}

bool Follow(Dwarf_Die* die, Dwarf_Die* type) {
  Dwarf_Attribute attribute;
  return dwarf_attr(die, DW_AT_type, &attribute) != nullptr &&
         dwarf_formref_die(&attribute, type) != nullptr;
}

// What `die` is of, without aliases. Not libdw's own, which never ends where a
// damaged file's aliases make a circle.
bool TypeOf(Dwarf_Die* die, Dwarf_Die* type) {
  if (!Follow(die, type)) return false;
  for (int steps = 0; IsAlias(dwarf_tag(type)); ++steps) {
    Dwarf_Die alias = *type;
    if (steps == kMostSteps || !Follow(&alias, type)) return false;
  }
  return true;
}

bool NumberOf(Dwarf_Die* die, unsigned int name, uint64_t* value) {
  Dwarf_Attribute attribute;
  Dwarf_Word word;
  if (dwarf_attr(die, name, &attribute) == nullptr ||
      dwarf_formudata(&attribute, &word) != 0) {
    return false;
  }
  *value = word;
  return true;
}

// Elements of an array, of all its dimensions.
bool CountOf(Dwarf_Die* array, uint64_t* count) {
  *count = 1;
  Dwarf_Die range;
  if (dwarf_child(array, &range) != 0) return false;
  Dwarf_Off last = 0;
  do {
    const Dwarf_Off here = dwarf_dieoffset(&range);
    if (here <= last) return false;
    last = here;
    if (dwarf_tag(&range) != DW_TAG_subrange_type) continue;
    uint64_t of_range;
    if (!NumberOf(&range, DW_AT_count, &of_range)) {
      if (!NumberOf(&range, DW_AT_upper_bound, &of_range)) return false;
      ++of_range;
    }
    if (__builtin_mul_overflow(*count, of_range, count)) return false;
  } while (dwarf_siblingof(&range, &range) == 0);
  return true;
}

bool SizeOf(Dwarf_Die type, uint64_t* bytes) {
  uint64_t count = 1;
  for (int steps = 0; steps < kMostSteps; ++steps) {
    if (NumberOf(&type, DW_AT_byte_size, bytes)) {
      return !__builtin_mul_overflow(*bytes, count, bytes);
    }
    uint64_t of_array;
    Dwarf_Die element;
    switch (dwarf_tag(&type)) {
      case DW_TAG_pointer_type:
      case DW_TAG_reference_type:
      case DW_TAG_rvalue_reference_type:
      case DW_TAG_ptr_to_member_type:
        *bytes = sizeof(void*);
        return !__builtin_mul_overflow(*bytes, count, bytes);
      case DW_TAG_array_type:
        if (!CountOf(&type, &of_array) || !TypeOf(&type, &element) ||
            __builtin_mul_overflow(count, of_array, &count)) {
          return false;
        }
        type = element;
        break;
      default:
        return false;
    }
  }
  return false;
}

// A member or a base, and where it begins. False: none that has a place.
bool PlaceOf(Dwarf_Die* die, uint64_t* offset) {
  const int tag = dwarf_tag(die);
  if (tag != DW_TAG_member && tag != DW_TAG_inheritance) return false;
  if (dwarf_hasattr(die, DW_AT_external)) return false;  // static
  if (dwarf_hasattr(die, DW_AT_data_member_location)) {
    return NumberOf(die, DW_AT_data_member_location, offset);
  }
  *offset = 0;  // of a union
  return true;
}

// The member or base of `type` with the byte at *rest, which becomes the byte's
// offset in it; its own type.
bool FindPart(Dwarf_Die* type, uint64_t* rest, Dwarf_Die* part,
              Dwarf_Die* part_type) {
  if (dwarf_child(type, part) != 0) return false;
  Dwarf_Off last = 0;
  do {
    const Dwarf_Off here = dwarf_dieoffset(part);
    if (here <= last) return false;
    last = here;
    uint64_t offset;
    uint64_t bytes;
    if (PlaceOf(part, &offset) && offset <= *rest && TypeOf(part, part_type) &&
        SizeOf(*part_type, &bytes) && *rest - offset < bytes) {
      *rest -= offset;
      return true;
    }
  } while (dwarf_siblingof(part, part) == 0);
  return false;
}

}  // namespace

bool IsClassTag(int tag) {
  return tag == DW_TAG_class_type || tag == DW_TAG_structure_type ||
         tag == DW_TAG_union_type;
}

std::string MemberName(Dwarf_Die type, uint64_t offset) {
  uint64_t rest = offset;
  std::string path;
  for (int steps = 0; steps < kMostSteps; ++steps) {
    const int tag = dwarf_tag(&type);
    if (tag == DW_TAG_array_type) {
      Dwarf_Die element;
      uint64_t bytes;
      if (!TypeOf(&type, &element) || !SizeOf(element, &bytes) || bytes == 0) {
        break;
      }
      absl::StrAppend(&path, "[", rest / bytes, "]");
      rest %= bytes;
      type = element;
      continue;
    }
    Dwarf_Die part, part_type;
    if (!IsClassTag(tag) || !FindPart(&type, &rest, &part, &part_type)) break;
    // Bases and anonymous unions have no name of their own.
    const char* name =
        dwarf_tag(&part) == DW_TAG_member ? dwarf_diename(&part) : nullptr;
    if (name != nullptr && *name != '\0') {
      if (*name == '_' && !path.empty()) break;
      absl::StrAppend(&path, path.empty() ? "" : ".", name);
    }
    type = part_type;
  }
  return path;
}

}  // namespace heapline

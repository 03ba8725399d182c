#include "analyzer/symbolize/dwarf_names.h"

#include <dwarf.h>

#include "absl/strings/str_cat.h"
#include "analyzer/symbolize/function_name.h"

namespace heapline {
namespace {

constexpr int kMaxReferences = 16;  // abstract origin, specification, …
constexpr int kMaxScopes = 64;      // named around one function
constexpr size_t kMaxScopeNesting = 1024;
constexpr size_t kMaxDiesOfAScopeWalk = size_t{1} << 26;

bool Follow(Dwarf_Die* die, unsigned int reference) {
  Dwarf_Attribute attribute;
  Dwarf_Die target;
  if (dwarf_attr(die, reference, &attribute) == nullptr ||
      dwarf_formref_die(&attribute, &target) == nullptr) {
    return false;
  }
  *die = target;
  return true;
}

const char* Text(Dwarf_Die* die, unsigned int name) {
  Dwarf_Attribute attribute;
  if (dwarf_attr(die, name, &attribute) == nullptr) return nullptr;
  return dwarf_formstring(&attribute);
}

// C and its like have no scopes to name.
bool HasScopes(Dwarf_Die* die) {
  Dwarf_Die unit;
  if (dwarf_diecu(die, &unit, nullptr, nullptr) == nullptr) return false;
  switch (dwarf_srclang(&unit)) {
    case DW_LANG_C89:
    case DW_LANG_C:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case DW_LANG_Go:
    case DW_LANG_Mips_Assembler:
      return false;
    default:
      return true;
  }
}

// `inner` is the name of what stands in the scope.
const char* ScopeName(Dwarf_Die* die, const std::string& inner) {
  const char* name = Text(die, DW_AT_name);
  if (name != nullptr) return name;
  if (inner == "operator()") return "{lambda}";
  return dwarf_tag(die) == DW_TAG_namespace ? "(anonymous namespace)"
                                            : "(anonymous)";
}

}  // namespace

void DwarfNames::Clear() {
  name_by_die_.clear();
  units_with_scopes_.clear();
  scope_by_function_.clear();
  scopes_.clear();
}

const std::string* DwarfNames::NameOf(const Dwarf_Die& function) {
  Dwarf_Die die = function;
  // All inlinings of a function share its abstract origin.
  Follow(&die, DW_AT_abstract_origin);
  auto inserted = name_by_die_.try_emplace(die.addr, texts_->Empty());
  if (inserted.second) {
    const std::string* name = texts_->Intern(FullName(function, 0));
    name_by_die_[die.addr] = name;
    return name;
  }
  return inserted.first->second;
}

std::string DwarfNames::FullName(Dwarf_Die die, int nesting) {
  const char* name = nullptr;
  bool is_external = false;
  for (int references = 0; references < kMaxReferences; ++references) {
    const char* linkage_name = Text(&die, DW_AT_linkage_name);
    if (linkage_name == nullptr)
      linkage_name = Text(&die, DW_AT_MIPS_linkage_name);
    if (linkage_name != nullptr && *linkage_name != '\0')
      return ReadableFunctionName(linkage_name);
    if (name == nullptr) name = Text(&die, DW_AT_name);
    is_external = is_external || dwarf_hasattr(&die, DW_AT_external);
    if (!Follow(&die, DW_AT_abstract_origin) &&
        !Follow(&die, DW_AT_specification)) {
      break;
    }
  }
  if (name == nullptr) return "";
  // An external function without a linkage name is one with C linkage.
  if (is_external || nesting >= kMaxScopes || !HasScopes(&die)) return name;
  return ScopedName(&die, name, nesting);
}

std::string DwarfNames::ScopedName(Dwarf_Die* declaration, const char* name,
                                   int nesting) {
  Dwarf_Die unit;
  if (dwarf_diecu(declaration, &unit, nullptr, nullptr) == nullptr) return name;
  if (units_with_scopes_.insert(unit.addr).second) NoteScopes(&unit);
  auto found = scope_by_function_.find(declaration->addr);
  std::string full_name = name;
  uint32_t scope = found == scope_by_function_.end() ? kNoScope : found->second;
  for (; scope != kNoScope && nesting < kMaxScopes &&
         full_name.size() < kMaxNameBytes;
       ++nesting) {
    Scope& around = scopes_[scope];
    Dwarf_Die die = around.die;
    scope = around.parent;
    if (dwarf_tag(&die) == DW_TAG_subprogram) {
      // Has the names of its own scopes in it.
      return absl::StrCat(FullName(die, nesting + 1), "::", full_name);
    }
    full_name = absl::StrCat(ScopeName(&die, full_name), "::", full_name);
  }
  return full_name;
}

void DwarfNames::NoteScopes(Dwarf_Die* unit) {
  struct Level {
    Dwarf_Die die;
    uint32_t scope;
  };
  std::vector<Level> levels;
  const auto descend = [&](Dwarf_Die* die, uint32_t scope) {
    Level level{{}, scope};
    if (levels.size() < kMaxScopeNesting && dwarf_child(die, &level.die) == 0)
      levels.push_back(level);
  };
  descend(unit, kNoScope);
  for (size_t dies = 0; !levels.empty() && dies < kMaxDiesOfAScopeWalk;
       ++dies) {
    Dwarf_Die die = levels.back().die;
    const uint32_t scope = levels.back().scope;
    Dwarf_Die sibling;
    if (dwarf_siblingof(&die, &sibling) == 0) {
      levels.back().die = sibling;
    } else {
      levels.pop_back();
    }
    switch (dwarf_tag(&die)) {
      case DW_TAG_lexical_block:
        descend(&die, scope);
        break;
      case DW_TAG_subprogram:
        if (scope != kNoScope) scope_by_function_[die.addr] = scope;
        ABSL_FALLTHROUGH_INTENDED;
      case DW_TAG_namespace:
      case DW_TAG_module:
      case DW_TAG_structure_type:
      case DW_TAG_class_type:
      case DW_TAG_union_type:
      case DW_TAG_interface_type:
        if (dwarf_haschildren(&die) == 1) {
          scopes_.push_back({die, scope});
          descend(&die, static_cast<uint32_t>(scopes_.size() - 1));
        }
        break;
      default:
        break;
    }
  }
}

}  // namespace heapline

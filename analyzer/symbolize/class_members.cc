// Invariant: dies are visited by ascending offset; one that stands before the
// last visited ends its list, so damaged links cannot make a circle.
#include "analyzer/symbolize/class_members.h"

#include <dwarf.h>

#include <utility>
#include <vector>

#include "analyzer/symbolize/class_layout.h"
#include "analyzer/symbolize/function_name.h"

namespace heapline {
namespace {

constexpr size_t kMostNesting = 256;
constexpr size_t kMostClasses = size_t{1} << 20;

// Compilers differ in the blanks that they write into names.
std::string WithoutBlanks(absl::string_view name) {
  std::string text;
  text.reserve(name.size());
  for (const char c : name) {
    if (c != ' ') text.push_back(c);
  }
  return text;
}

}  // namespace

ClassIndex::ClassIndex(const ElfModule& file, const DebugFileSearch& search)
    : dwarf_(dwarf_begin_elf(file.elf(), DWARF_C_READ, nullptr)) {
  if (dwarf_ != nullptr) alternate_.Open(dwarf_, file, search);
}

ClassIndex::~ClassIndex() {
  if (dwarf_ != nullptr) dwarf_end(dwarf_);
}

std::string ClassIndex::MemberAt(absl::string_view class_name,
                                 uint64_t offset) {
  const std::string wanted = WithoutBlanks(class_name);
  auto found = classes_.find(wanted);
  while (found == classes_.end() && NoteNextUnit()) {
    found = classes_.find(wanted);
  }
  return found == classes_.end() ? "" : MemberName(found->second, offset);
}

std::vector<std::string> ClassIndex::Names() {
  while (NoteNextUnit()) {
  }
  std::vector<std::string> names;
  for (const auto& row : classes_) names.push_back(row.first);
  return names;
}

// False: there is none left.
bool ClassIndex::NoteNextUnit() {
  Dwarf_Die unit;
  if (dwarf_ == nullptr || is_at_end_ || classes_.size() >= kMostClasses ||
      dwarf_get_units(dwarf_, unit_, &unit_, nullptr, nullptr, &unit,
                      nullptr) != 0) {
    is_at_end_ = true;
    return false;
  }
  NoteClassesOf(&unit);
  return true;
}

// Those in namespaces and other classes, but not those local to functions.
void ClassIndex::NoteClassesOf(Dwarf_Die* unit) {
  struct Level {
    Dwarf_Die die;  // next to be looked at
    size_t scope_bytes;
  };
  std::vector<Level> levels(1);
  if (dwarf_child(unit, &levels[0].die) != 0) return;
  std::string scope;  // "a::b::"
  Dwarf_Off last = 0;
  while (!levels.empty()) {
    Level& level = levels.back();
    Dwarf_Die die = level.die;
    scope.resize(level.scope_bytes);
    const Dwarf_Off here = dwarf_dieoffset(&die);
    if (here <= last) {
      levels.pop_back();
      continue;
    }
    last = here;
    const bool has_next = dwarf_siblingof(&die, &level.die) == 0;
    if (!has_next) levels.pop_back();
    const int tag = dwarf_tag(&die);
    if (tag != DW_TAG_namespace && !IsClassTag(tag)) continue;
    const char* name = dwarf_diename(&die);
    if (name == nullptr) {
      if (tag != DW_TAG_namespace) continue;
      name = "(anonymous namespace)";
    }
    scope += WithoutBlanks(name);
    if (scope.size() > kMaxNameBytes) continue;
    if (IsClassTag(tag) && !dwarf_hasattr(&die, DW_AT_declaration)) {
      classes_.try_emplace(scope, die);
    }
    scope += "::";
    Level inner{{}, scope.size()};
    if (levels.size() < kMostNesting && dwarf_child(&die, &inner.die) == 0) {
      levels.push_back(inner);
    }
  }
}

ClassMembers::ClassMembers(const Snapshot& snapshot,
                           const SymbolizerOptions& options)
    : snapshot_(snapshot),
      search_(options.debug_directories, options.sysroot) {}

ClassMembers::ModuleClasses ClassMembers::Open(const Module& module) const {
  ModuleClasses classes;
  if ((module.flags & HL_MODULE_VDSO) != 0) return classes;
  absl::StatusOr<std::unique_ptr<ElfModule>> file =
      search_.FindModule(module.path, module.build_id);
  if (file.ok() && (*file)->HasDebugInformation()) {
    classes.file = *std::move(file);
  } else {
    classes.file = search_.FindDebugFile(module.path, module.build_id,
                                         file.ok() ? file->get() : nullptr);
  }
  if (classes.file != nullptr) {
    classes.index = std::make_unique<ClassIndex>(*classes.file, search_);
  }
  return classes;
}

std::string ClassMembers::MemberAt(uint32_t module,
                                   absl::string_view class_name,
                                   uint64_t offset) {
  if (module >= snapshot_.modules.size() || class_name.empty()) return "";
  const auto [row, is_new] = modules_.try_emplace(module);
  if (is_new) row->second = Open(snapshot_.modules[module]);
  return row->second.index == nullptr
             ? ""
             : row->second.index->MemberAt(class_name, offset);
}

}  // namespace heapline

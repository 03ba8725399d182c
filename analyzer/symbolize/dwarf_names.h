// dwarf_names.h: the name of a function's die as people read it: its linkage
// name demangled, or its own name behind those of its namespaces and classes.
// Each origin is named once, however often it is inlined.
//
// Dies must be of the Dwarf handle in use since the last Clear. Not
// thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_DWARF_NAMES_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_DWARF_NAMES_H_

#include <elfutils/libdw.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "analyzer/symbolize/string_pool.h"

namespace heapline {

class DwarfNames {
 public:
  explicit DwarfNames(StringPool* texts) : texts_(texts) {}

  // "" when the die has no name anywhere; never NULL.
  const std::string* NameOf(const Dwarf_Die& function);

  // Before the Dwarf handle is closed or exchanged.
  void Clear();

 private:
  // A namespace, class or function that others stand in.
  struct Scope {
    Dwarf_Die die;
    uint32_t parent;  // index, or kNoScope
  };
  static constexpr uint32_t kNoScope = UINT32_MAX;

  std::string FullName(Dwarf_Die die, int nesting);
  std::string ScopedName(Dwarf_Die* declaration, const char* name, int nesting);
  void NoteScopes(Dwarf_Die* unit);

  StringPool* texts_;
  absl::flat_hash_map<void*, const std::string*> name_by_die_;
  // Filled for a unit when its first function without a linkage name is met.
  absl::flat_hash_set<void*> units_with_scopes_;
  absl::flat_hash_map<void*, uint32_t> scope_by_function_;
  std::vector<Scope> scopes_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_DWARF_NAMES_H_

// class_members.h: which data member lies at an offset of a C++ class, from the
// debug information of a module that uses the class (DWARF 4 or 5, dwz).
// Classes are looked for by name, unit by unit, once and no further than
// needed. Never fails: what is not described has no name.
//
// Invariant: every die is looked at once a module at most, whatever the file
// holds; no recursion. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_CLASS_MEMBERS_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_CLASS_MEMBERS_H_

#include <elfutils/libdw.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "analyzer/snapshot/snapshot.h"
#include "analyzer/symbolize/alternate_file.h"
#include "analyzer/symbolize/debug_file_search.h"
#include "analyzer/symbolize/elf_module.h"
#include "analyzer/symbolize/symbolizer.h"

namespace heapline {

// The classes that one file describes.
class ClassIndex {
 public:
  // `file` must outlive the index.
  ClassIndex(const ElfModule& file, const DebugFileSearch& search);
  ~ClassIndex();
  ClassIndex(const ClassIndex&) = delete;
  ClassIndex& operator=(const ClassIndex&) = delete;

  // MemberName (class_layout.h) of `class_name`, which is given in full, as
  // demangled. "" where it is not known.
  std::string MemberAt(absl::string_view class_name, uint64_t offset);

  // Of all classes, without blanks, in no order.
  std::vector<std::string> Names();

 private:
  bool NoteNextUnit();
  void NoteClassesOf(Dwarf_Die* unit);

  Dwarf* dwarf_;
  AlternateFile alternate_;
  Dwarf_CU* unit_ = nullptr;  // the last one whose classes are known
  bool is_at_end_ = false;
  absl::flat_hash_map<std::string, Dwarf_Die> classes_;  // without blanks
};

// Those of all modules of a snapshot, which are found as the symbolizer finds
// them.
class ClassMembers {
 public:
  // `snapshot` must outlive the object; options are copied.
  ClassMembers(const Snapshot& snapshot, const SymbolizerOptions& options);

  // As ClassIndex::MemberAt.
  std::string MemberAt(uint32_t module, absl::string_view class_name,
                       uint64_t offset);

 private:
  struct ModuleClasses {
    std::unique_ptr<ElfModule> file;
    std::unique_ptr<ClassIndex> index;  // NULL: nothing is described
  };
  ModuleClasses Open(const Module& module) const;

  const Snapshot& snapshot_;
  const DebugFileSearch search_;
  absl::flat_hash_map<uint32_t, ModuleClasses> modules_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_CLASS_MEMBERS_H_

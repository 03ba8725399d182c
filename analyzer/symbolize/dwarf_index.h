// dwarf_index.h: addresses of one module to functions and lines, inlined
// frames included, from its DWARF (4 or 5, split, dwz). Only units that
// contain an address asked for are read, each once for all its addresses:
//
//   addresses --unit ranges--> unit --flattened function ranges--> function,
//                                   --line table--> line of the innermost
//
// An outer frame's line is the call_line of what is inlined into it. Memory is
// bounded: line tables read are let go after a few million rows. The ElfModule
// and the texts must outlive the index. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_DWARF_INDEX_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_DWARF_INDEX_H_

#include <elfutils/libdw.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "analyzer/symbolize/alternate_file.h"
#include "analyzer/symbolize/answer_table.h"
#include "analyzer/symbolize/debug_file_search.h"
#include "analyzer/symbolize/dwarf_functions.h"
#include "analyzer/symbolize/dwarf_names.h"
#include "analyzer/symbolize/elf_module.h"
#include "analyzer/symbolize/interval_sweep.h"
#include "analyzer/symbolize/string_pool.h"

namespace heapline {

class DwarfIndex {
 public:
  // NULL when `file` has no readable debug information.
  static std::unique_ptr<DwarfIndex> Create(const ElfModule& file,
                                            const DebugFileSearch& search,
                                            StringPool* texts);
  ~DwarfIndex();
  DwarfIndex(const DwarfIndex&) = delete;
  DwarfIndex& operator=(const DwarfIndex&) = delete;

  // Frames of an address, innermost first. The sole frame of code that has
  // lines but no function comes with function "".
  using AnswerSink = absl::FunctionRef<void(uint64_t link_address,
                                            std::vector<KnownFrame>* frames)>;

  // Calls `sink` for each address that the debug information knows. REQUIRES:
  // `addresses` ascending, without repetition.
  void Resolve(absl::Span<const uint64_t> addresses, AnswerSink sink);

  // What is missing in the debug information read so far; "" for nothing.
  // While it is "", answers are the same wherever the files come from.
  const std::string& Problem() const { return problem_; }

 private:
  struct Unit {
    Dwarf_Off die_offset;
    uint64_t bytes;
    bool is_skeleton;  // its functions are in a .dwo file
  };
  // The unit being read.
  struct UnitLines {
    Dwarf_Lines* lines = nullptr;
    size_t line_count = 0;
    Dwarf_Files* files = nullptr;
    size_t file_count = 0;
    const char* directory = nullptr;  // DW_AT_comp_dir
    absl::flat_hash_map<const char*, const std::string*> path_by_text;
  };

  DwarfIndex(const ElfModule& file, StringPool* texts);
  bool Begin();
  void UseAlternateFile(const DebugFileSearch& search);
  void ReadUnits();
  void StartAfresh();
  bool SplitUnit(const Unit& unit, Dwarf_Die* skeleton, Dwarf_Die* split);
  void ResolveUnit(const Unit& unit, absl::Span<const uint64_t> addresses,
                   AnswerSink sink);
  void AppendChain(const FunctionTree& tree, uint32_t entry, KnownFrame where,
                   UnitLines* lines, std::vector<KnownFrame>* frames);
  UnitLines ReadLines(Dwarf_Die* unit, Dwarf_Die* function_unit);
  KnownFrame LineOf(uint64_t address, UnitLines* lines);
  const std::string* PathOf(const char* text, UnitLines* lines);
  void NoteProblem(const std::string& problem);

  const ElfModule& file_;
  StringPool* texts_;
  DwarfNames names_;
  Dwarf* dwarf_ = nullptr;
  AlternateFile alternate_;
  std::vector<Unit> units_;
  std::vector<Interval> unit_ranges_;  // value = index into units_
  size_t lines_read_ = 0;              // since the last StartAfresh
  std::string problem_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_DWARF_INDEX_H_

// alternate_file.h: the file that another's debug information leans on for what
// many files share (.gnu_debugaltlink, as dwz makes it).
//
// libdw that is given none opens by itself what stands at the place: a pipe,
// where it waits for ever, a file of another build, one outside of the sysroot.
//
// Invariant: libdw is given one, if need be an empty one, wherever one is
// named; an alternate's own is always empty. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_ALTERNATE_FILE_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_ALTERNATE_FILE_H_

#include <elfutils/libdw.h>

#include <memory>
#include <string>

#include "analyzer/symbolize/debug_file_search.h"
#include "analyzer/symbolize/elf_module.h"

namespace heapline {

class AlternateFile {
 public:
  AlternateFile() = default;
  ~AlternateFile();
  AlternateFile(const AlternateFile&) = delete;
  AlternateFile& operator=(const AlternateFile&) = delete;

  // Looks for what `dwarf`, opened from `file`, names, and gives it to `dwarf`.
  // REQUIRES: called once.
  void Open(Dwarf* dwarf, const ElfModule& file, const DebugFileSearch& search);
  // Gives it to another Dwarf of the same file, too. It must outlive both.
  void GiveTo(Dwarf* dwarf) const;

  // What is named and was not found; "" where nothing is missing.
  const std::string& missing_name() const { return missing_name_; }

 private:
  // Of the file that is named, or instead of it; NULL: none is named.
  Dwarf* Given() const { return dwarf_ != nullptr ? dwarf_ : empty_dwarf_; }
  void MakeEmpty();

  std::unique_ptr<ElfModule> file_;
  Dwarf* dwarf_ = nullptr;
  std::string empty_image_;
  Elf* empty_elf_ = nullptr;
  Dwarf* empty_dwarf_ = nullptr;
  std::string missing_name_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_ALTERNATE_FILE_H_

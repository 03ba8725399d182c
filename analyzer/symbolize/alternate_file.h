// alternate_file.h: the file that another's debug information leans on for what
// many files share (.gnu_debugaltlink, as dwz makes it).
//
// libdw that is given none opens by itself what stands at the place: a pipe,
// where it waits for ever, a file of another build, one outside of the sysroot.
//
// Invariant: libdw is given one, if need be an empty one, wherever one is
// named. Not thread-safe.
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
  void StandIn();

  std::unique_ptr<ElfModule> file_;
  std::string empty_image_;  // these two: where the file is missing
  Elf* empty_elf_ = nullptr;
  Dwarf* dwarf_ = nullptr;  // NULL: none is named
  std::string missing_name_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_ALTERNATE_FILE_H_

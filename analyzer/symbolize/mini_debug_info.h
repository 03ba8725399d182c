// mini_debug_info.h: the compressed symbol table that some distributions leave
// in stripped programs (section .gnu_debugdata), unpacked by libdw where it
// was built to. Names live as long as the object. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_MINI_DEBUG_INFO_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_MINI_DEBUG_INFO_H_

#include <elfutils/libdwfl.h>
#include <gelf.h>

#include <memory>
#include <vector>

#include "analyzer/symbolize/elf_module.h"

namespace heapline {

class MiniDebugInfo {
 public:
  struct Symbol {
    GElf_Sym symbol;
    const char* name;
  };

  // NULL when the module has no such section or it cannot be unpacked.
  static std::unique_ptr<MiniDebugInfo> Open(const ElfModule& module);
  ~MiniDebugInfo();
  MiniDebugInfo(const MiniDebugInfo&) = delete;
  MiniDebugInfo& operator=(const MiniDebugInfo&) = delete;

  const std::vector<Symbol>& symbols() const { return symbols_; }

 private:
  explicit MiniDebugInfo(Dwfl* session) : session_(session) {}

  Dwfl* session_;
  std::vector<Symbol> symbols_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_MINI_DEBUG_INFO_H_

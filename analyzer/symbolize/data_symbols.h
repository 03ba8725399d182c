// data_symbols.h: names of data: the variable, vtable or type object in a
// module that an address of a snapshot lies in. Modules are found as the
// symbolizer finds them (--debug-dir, --sysroot); a module's tables are read
// once, when first asked for. Never fails: what has no name has none.
//
// Invariant: a symbol names only the bytes that it covers. Texts are copied.
// Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_DATA_SYMBOLS_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_DATA_SYMBOLS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/snapshot/snapshot.h"
#include "analyzer/symbolize/debug_file_search.h"
#include "analyzer/symbolize/module_map.h"
#include "analyzer/symbolize/symbolizer.h"

namespace heapline {

struct DataSymbol {
  std::string name;     // demangled; "" when unknown
  uint64_t offset = 0;  // of the address in what is named
  uint32_t module = kNoModule;
};

class DataSymbols {
 public:
  // `snapshot` must outlive the object; options are copied.
  DataSymbols(const Snapshot& snapshot, const SymbolizerOptions& options);

  DataSymbol At(uint64_t address);

 private:
  struct Symbol {
    uint64_t start;  // link-time, [start, end)
    uint64_t end;
    std::string name;  // as in the file
    bool is_local;
  };
  using Table = std::vector<Symbol>;  // by start, then the better name first

  const Table& TableOf(uint32_t module);
  static void AddSymbols(const ElfModule& module, Table* table);

  const Snapshot& snapshot_;
  const DebugFileSearch search_;
  const ModuleMap map_;
  absl::flat_hash_map<uint32_t, Table> tables_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_DATA_SYMBOLS_H_

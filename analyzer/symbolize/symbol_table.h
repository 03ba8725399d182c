// symbol_table.h: names of functions from ELF symbol tables, for code without
// debug information. A symbol names only the bytes it covers: an address in a
// gap of a stripped library has no name rather than its neighbour's.
//
// The modules given to Add must outlive the table. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_SYMBOL_TABLE_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_SYMBOL_TABLE_H_

#include <gelf.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/symbolize/elf_module.h"
#include "analyzer/symbolize/mini_debug_info.h"
#include "analyzer/symbolize/string_pool.h"

namespace heapline {

class SymbolTable {
 public:
  explicit SymbolTable(StringPool* texts) : texts_(texts) {}

  // The functions in .symtab, .dynsym and, where libdw can unpack it, the
  // compressed table in .gnu_debugdata.
  void Add(const ElfModule& module);

  // Demangled; NULL when no function covers the address.
  const std::string* FunctionAt(uint64_t link_address);

 private:
  struct Symbol {
    uint64_t start;  // [start, end)
    uint64_t end;
    const char* name;  // in the module's string table
    uint8_t rank;      // lower is the better name of equals
    bool is_sized;
  };
  struct CodeRange {
    uint64_t start;
    uint64_t bytes;
  };
  static std::vector<CodeRange> CodeOf(Elf* elf);
  void AddSymbol(const GElf_Sym& symbol, const char* name,
                 absl::Span<const CodeRange> code);
  void Sort();

  StringPool* texts_;
  std::vector<Symbol> symbols_;
  std::vector<std::unique_ptr<MiniDebugInfo>> mini_debug_infos_;
  bool is_sorted_ = true;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_SYMBOL_TABLE_H_

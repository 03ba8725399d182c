// elf_symbols.h: the entries of an ELF file's own symbol tables, .symtab and
// .dynsym. Damaged tables end early. Thread-safe as far as the Elf handle is.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_ELF_SYMBOLS_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_ELF_SYMBOLS_H_

#include <gelf.h>

#include <algorithm>
#include <climits>
#include <cstddef>

namespace heapline {

// Calls visit(symbol, name) for each that has a name, which lives as long as
// `elf`.
template <typename Visit>
void ForEachElfSymbol(Elf* elf, Visit visit) {
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
       section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr ||
        (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM) ||
        header.sh_entsize == 0) {
      continue;
    }
    Elf_Data* const data = elf_getdata(section, nullptr);
    if (data == nullptr) continue;
    const size_t count =
        std::min<size_t>(data->d_size / header.sh_entsize, INT_MAX);
    for (size_t i = 0; i < count; ++i) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) break;
      const char* name = elf_strptr(elf, header.sh_link, symbol.st_name);
      if (name != nullptr && *name != '\0') visit(symbol, name);
    }
  }
}

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_ELF_SYMBOLS_H_

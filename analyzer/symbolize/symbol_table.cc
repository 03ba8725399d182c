#include "analyzer/symbolize/symbol_table.h"

#include <gelf.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "analyzer/symbolize/elf_symbols.h"
#include "analyzer/symbolize/function_name.h"

namespace heapline {
namespace {

// How many symbols before an address are looked at: enough for aliases and
// for labels inside a function written in assembler.
constexpr int kMaxStepsBack = 64;
// Each symbol is looked for in all of them.
constexpr size_t kMaxCodeSections = 256;

bool IsFunction(const GElf_Sym& symbol, const char* name) {
  switch (GELF_ST_TYPE(symbol.st_info)) {
    case STT_FUNC:
    case STT_GNU_IFUNC:
      return true;
    case STT_NOTYPE:  // assembler; not its local labels and mapping marks
      return name[0] != '.' && name[0] != '$' &&
             GELF_ST_BIND(symbol.st_info) != STB_LOCAL;
    default:
      return false;
  }
}

// Of several names of one function the public one without underscores is what
// people call it.
uint8_t Rank(const GElf_Sym& symbol, const char* name) {
  uint8_t rank = 0;
  if (GELF_ST_BIND(symbol.st_info) == STB_LOCAL) rank += 4;
  if (name[0] == '_' && name[1] != 'Z') rank += 2;
  if (GELF_ST_TYPE(symbol.st_info) == STT_NOTYPE) rank += 1;
  return rank;
}

}  // namespace

// Sections that hold code: few. In a debug file they have no bytes but keep
// their addresses.
std::vector<SymbolTable::CodeRange> SymbolTable::CodeOf(Elf* elf) {
  std::vector<CodeRange> code;
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
       section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) != nullptr &&
        (header.sh_flags & SHF_EXECINSTR) != 0 &&
        code.size() < kMaxCodeSections) {
      code.push_back({header.sh_addr, header.sh_size});
    }
  }
  return code;
}

void SymbolTable::AddSymbol(const GElf_Sym& symbol, const char* name,
                            absl::Span<const CodeRange> code) {
  if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= SHN_LORESERVE) return;
  if (*name == '\0' || !IsFunction(symbol, name)) return;
  // By address: section numbers of a compressed table are another file's.
  const auto around =
      std::find_if(code.begin(), code.end(), [&symbol](const CodeRange& range) {
        return symbol.st_value >= range.start &&
               symbol.st_value - range.start < range.bytes;
      });
  if (around == code.end()) return;
  const uint64_t room = around->bytes - (symbol.st_value - around->start);
  const bool is_sized = symbol.st_size != 0;
  const uint64_t bytes =
      is_sized ? std::min<uint64_t>(symbol.st_size, room) : room;
  symbols_.push_back({symbol.st_value, symbol.st_value + bytes, name,
                      Rank(symbol, name), is_sized});
  is_sorted_ = false;
}

void SymbolTable::Add(const ElfModule& module) {
  Elf* elf = module.elf();
  const std::vector<CodeRange> code = CodeOf(elf);
  ForEachElfSymbol(elf, [&](const GElf_Sym& symbol, const char* name) {
    AddSymbol(symbol, name, code);
  });
  std::unique_ptr<MiniDebugInfo> more = MiniDebugInfo::Open(module);
  if (more == nullptr) return;
  for (const MiniDebugInfo::Symbol& entry : more->symbols())
    AddSymbol(entry.symbol, entry.name, code);
  mini_debug_infos_.push_back(std::move(more));
}

void SymbolTable::Sort() {
  std::sort(symbols_.begin(), symbols_.end(),
            [](const Symbol& a, const Symbol& b) {
              if (a.start != b.start) return a.start < b.start;
              if (a.rank != b.rank) return a.rank < b.rank;
              const int order = strcmp(a.name, b.name);
              return order != 0 ? order < 0 : a.end < b.end;
            });
  uint64_t next_start = 0;  // of the nearest symbol at a higher address
  for (size_t i = symbols_.size(); i-- > 0;) {
    Symbol& symbol = symbols_[i];
    if (i + 1 < symbols_.size() && symbols_[i + 1].start != symbol.start)
      next_start = symbols_[i + 1].start;
    // Without a size: up to the next symbol, at most to the section's end.
    if (!symbol.is_sized && next_start != 0)
      symbol.end = std::min(symbol.end, next_start);
  }
  is_sorted_ = true;
}

const std::string* SymbolTable::FunctionAt(uint64_t link_address) {
  if (!is_sorted_) Sort();
  auto after = std::upper_bound(symbols_.begin(), symbols_.end(), link_address,
                                [](uint64_t address, const Symbol& symbol) {
                                  return address < symbol.start;
                                });
  const Symbol* best = nullptr;
  for (int steps = 0; after != symbols_.begin() && steps < kMaxStepsBack;
       ++steps) {
    --after;
    // Nearest start wins, then rank: equals stand with the best rank first.
    if (best != nullptr && after->start != best->start) break;
    if (link_address < after->end) best = &*after;
  }
  return best == nullptr ? nullptr
                         : texts_->Intern(ReadableFunctionName(best->name));
}

}  // namespace heapline

// Invariant: symbols with a size alone are believed, so that none names its
// neighbour's bytes.
#include "analyzer/symbolize/data_symbols.h"

#include <gelf.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "analyzer/symbolize/elf_symbols.h"
#include "analyzer/symbolize/function_name.h"

namespace heapline {
namespace {

// Aliases and symbols inside of others that are looked at before an address.
constexpr int kMostStepsBack = 64;

bool IsData(const GElf_Sym& symbol) {
  return GELF_ST_TYPE(symbol.st_info) == STT_OBJECT && symbol.st_size != 0 &&
         symbol.st_shndx != SHN_UNDEF &&
         symbol.st_value <= UINT64_MAX - symbol.st_size;
}

}  // namespace

DataSymbols::DataSymbols(const Snapshot& snapshot,
                         const SymbolizerOptions& options)
    : snapshot_(snapshot),
      search_(options.debug_directories, options.sysroot),
      map_(snapshot) {}

void DataSymbols::AddSymbols(const ElfModule& module, Table* table) {
  ForEachElfSymbol(
      module.elf(), [table](const GElf_Sym& symbol, const char* name) {
        if (!IsData(symbol)) return;
        table->push_back({symbol.st_value, symbol.st_value + symbol.st_size,
                          name, GELF_ST_BIND(symbol.st_info) == STB_LOCAL});
      });
}

const DataSymbols::Table& DataSymbols::TableOf(uint32_t module) {
  const auto [row, is_new] = tables_.try_emplace(module);
  if (!is_new) return row->second;
  Table& table = row->second;
  const Module& place = snapshot_.modules[module];
  if ((place.flags & HL_MODULE_VDSO) != 0) return table;
  const absl::StatusOr<std::unique_ptr<ElfModule>> file =
      search_.FindModule(place.path, place.build_id);
  if (file.ok()) AddSymbols(**file, &table);
  if (!file.ok() || !(*file)->HasSymbolTable()) {
    const std::unique_ptr<ElfModule> debug_file = search_.FindDebugFile(
        place.path, place.build_id, file.ok() ? file->get() : nullptr);
    if (debug_file != nullptr) AddSymbols(*debug_file, &table);
  }
  std::sort(table.begin(), table.end(), [](const Symbol& a, const Symbol& b) {
    if (a.start != b.start) return a.start < b.start;
    if (a.is_local != b.is_local) return b.is_local;
    return a.name < b.name;
  });
  return table;
}

DataSymbol DataSymbols::At(uint64_t address) {
  DataSymbol result;
  result.module = map_.LatestModuleAt(address);
  if (result.module == kNoModule) return result;
  const uint64_t link_address =
      address -
      static_cast<uint64_t>(snapshot_.modules[result.module].load_bias);
  const Table& table = TableOf(result.module);
  auto at = std::upper_bound(table.begin(), table.end(), link_address,
                             [](uint64_t value, const Symbol& symbol) {
                               return value < symbol.start;
                             });
  const Symbol* best = nullptr;
  for (int steps = 0; at != table.begin() && steps < kMostStepsBack; ++steps) {
    --at;
    // The nearest start wins, then the better name, which stands first.
    if (best != nullptr && at->start != best->start) break;
    if (link_address < at->end) best = &*at;
  }
  if (best == nullptr) return result;
  result.name = ReadableFunctionName(best->name);
  result.offset = link_address - best->start;
  return result;
}

}  // namespace heapline

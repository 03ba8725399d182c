#include "analyzer/symbolize/mini_debug_info.h"

namespace heapline {
namespace {

// Debug files are searched elsewhere, with checks that libdwfl lacks.
int FindNoDebugFile(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*,
                    const char*, GElf_Word, char**) {
  return -1;
}

Dwfl_Callbacks OwnFileOnly() {
  Dwfl_Callbacks callbacks{};
  callbacks.find_elf = dwfl_build_id_find_elf;
  callbacks.find_debuginfo = FindNoDebugFile;
  callbacks.section_address = dwfl_offline_section_address;
  return callbacks;
}

}  // namespace

std::unique_ptr<MiniDebugInfo> MiniDebugInfo::Open(const ElfModule& module) {
  if (!module.HasCompressedSymbolTable()) return nullptr;
  static const Dwfl_Callbacks callbacks = OwnFileOnly();
  Dwfl* session = dwfl_begin(&callbacks);
  if (session == nullptr) return nullptr;
  std::unique_ptr<MiniDebugInfo> info(new MiniDebugInfo(session));
  dwfl_report_begin(session);
  Dwfl_Module* reported = dwfl_report_elf(
      session, "module", module.path().c_str(), -1, 0, /*add_p_vaddr=*/true);
  dwfl_report_end(session, nullptr, nullptr);
  if (reported == nullptr) return nullptr;
  const int count = dwfl_module_getsymtab(reported);
  for (int i = 1; i < count; ++i) {
    Symbol entry{};
    GElf_Addr address = 0;
    entry.name = dwfl_module_getsym_info(reported, i, &entry.symbol, &address,
                                         nullptr, nullptr, nullptr);
    if (entry.name != nullptr) info->symbols_.push_back(entry);
  }
  return info;
}

MiniDebugInfo::~MiniDebugInfo() { dwfl_end(session_); }

}  // namespace heapline

// Fuzzes the symbolizer with a module's file: ELF headers, symbol tables,
// build-ids, links to debug files, DWARF through libdw. The file is in memory
// and has no name, so that nothing it refers to can be found.
//
// Promises: no input makes it read what is not there, recurse without end or
// take long; each frame has texts; a file's answers are the same when it is
// read again.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/symbolize/class_members.h"
#include "analyzer/symbolize/debug_file_search.h"
#include "analyzer/symbolize/dwarf_index.h"
#include "analyzer/symbolize/elf_module.h"
#include "analyzer/symbolize/string_pool.h"
#include "analyzer/symbolize/symbol_table.h"
#include "tests/fuzz/fuzz_check.h"

namespace heapline {
namespace {

constexpr size_t kMostFrames = 256;

// One for all inputs: making a file anew costs more than reading it.
int FileOf(const uint8_t* data, size_t size) {
  static const int file = memfd_create("module", MFD_CLOEXEC);
  FUZZ_CHECK(file >= 0 && ftruncate(file, 0) == 0 &&
                 pwrite(file, data, size, 0) == static_cast<ssize_t>(size),
             "the input is in a file");
  return dup(file);
}

// Where the seeds have their code, and what lies around it.
std::vector<uint64_t> Addresses() {
  std::vector<uint64_t> addresses = {0, 1};
  for (uint64_t address = 0x1000; address < 0x1080; address += 3) {
    addresses.push_back(address);
  }
  addresses.push_back(UINT64_MAX - 1);
  addresses.push_back(UINT64_MAX);
  return addresses;
}

void FuzzDebugInformation(const ElfModule& module,
                          const DebugFileSearch& search, StringPool* texts) {
  static const std::vector<uint64_t>* const addresses =
      new std::vector<uint64_t>(Addresses());
  const std::unique_ptr<DwarfIndex> index =
      DwarfIndex::Create(module, search, texts);
  if (index == nullptr) return;
  index->Resolve(*addresses, [](uint64_t, std::vector<KnownFrame>* frames) {
    FUZZ_CHECK(!frames->empty() && frames->size() <= kMostFrames,
               "an address has a bounded number of frames");
    for (const KnownFrame& frame : *frames) {
      FUZZ_CHECK(frame.function != nullptr && frame.file != nullptr,
                 "a frame has texts");
    }
  });
  index->Problem();
}

void FuzzClasses(const ElfModule& module, const DebugFileSearch& search) {
  constexpr size_t kMostNames = 64;
  ClassIndex classes(module, search);
  size_t asked = 0;
  for (const std::string& name : classes.Names()) {
    if (asked++ == kMostNames) break;
    for (const uint64_t offset : {uint64_t{0}, uint64_t{8}, UINT64_MAX}) {
      classes.MemberAt(name, offset);
    }
  }
}

void FuzzModule(const uint8_t* data, size_t size) {
  StringPool texts;
  const absl::StatusOr<std::unique_ptr<ElfModule>> module =
      ElfModule::Adopt(FileOf(data, size), "");
  if (!module.ok()) return;
  FUZZ_CHECK((*module)->build_id().size() <= kMaxBuildIdBytes,
             "a build-id is short");
  (*module)->HasSymbolTable();
  const DebugLink link = (*module)->GnuDebugLink();
  FUZZ_CHECK(link.file_name.find('/') == std::string::npos,
             "a debug link is a name, no path");
  SymbolTable symbols(&texts);
  symbols.Add(**module);
  for (const uint64_t address : {0x0ull, 0x1000ull, 0x1020ull, ~0ull}) {
    symbols.FunctionAt(address);
  }
  static const auto* const search =
      new DebugFileSearch({}, "/nonexistent/sysroot");
  if ((*module)->HasDebugInformation()) {
    FuzzDebugInformation(**module, *search, &texts);
    FuzzClasses(**module, *search);
  }
}

}  // namespace
}  // namespace heapline

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  heapline::FuzzModule(data, size);
  return 0;
}

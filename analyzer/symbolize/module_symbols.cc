#include "analyzer/symbolize/module_symbols.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "analyzer/symbolize/dwarf_index.h"
#include "analyzer/symbolize/elf_module.h"

namespace heapline {

ModuleSymbols::ModuleSymbols(const Module& module,
                             const DebugFileSearch* search,
                             const SymbolCache* cache, StringPool* texts)
    : path_(module.path),
      build_id_(module.build_id),
      has_file_((module.flags & HL_MODULE_VDSO) == 0),
      search_(search),
      cache_(cache),
      texts_(texts) {}

void ModuleSymbols::AddNote(const std::string& note) {
  const std::string line = absl::StrCat(
      path_.empty() ? "a module without a name" : path_, ": ", note);
  if (std::find(notes_.begin(), notes_.end(), line) == notes_.end())
    notes_.push_back(line);
}

std::vector<uint64_t> ModuleSymbols::Unanswered(
    absl::Span<const uint64_t> addresses) const {
  std::vector<uint64_t> missing;
  for (uint64_t address : addresses) {
    if (!answers_.Has(address)) missing.push_back(address);
  }
  return missing;
}

void ModuleSymbols::Resolve(absl::Span<const uint64_t> link_addresses) {
  std::vector<uint64_t> missing = Unanswered(link_addresses);
  if (!missing.empty() && !is_cache_read_ && cache_ != nullptr &&
      !build_id_.empty()) {
    is_cache_read_ = true;
    cache_->Load(build_id_, texts_, &answers_);
    missing = Unanswered(link_addresses);
  }
  if (missing.empty()) return;
  answers_.Reserve(missing.size());
  if (has_file_) ResolveFromFiles(OpenFiles(), missing);
  // Looked for, not found: not to be looked for again.
  for (uint64_t address : missing) answers_.Add(address, {});
}

ModuleSymbols::Files ModuleSymbols::OpenFiles() {
  Files files;
  absl::StatusOr<std::unique_ptr<ElfModule>> module =
      search_->FindModule(path_, build_id_);
  if (module.ok()) files.module = *std::move(module);
  if (files.module == nullptr || !files.module->HasDebugInformation()) {
    files.debug_file =
        search_->FindDebugFile(path_, build_id_, files.module.get());
  }
  if (files.module == nullptr && files.debug_file == nullptr) {
    AddNote(absl::StrCat(
        module.status().message(),
        ": functions and lines unknown; give the directory of the files that "
        "ran with --sysroot or --debug-dir"));
  } else if (build_id_.empty() && files.module != nullptr &&
             !files.module->build_id().empty()) {
    AddNote("the snapshot has no build-id to compare with the file's (" +
            BuildIdText(files.module->build_id()) +
            "): names and lines are wrong if it was built anew since");
  }
  return files;
}

void ModuleSymbols::ResolveFromFiles(const Files& files,
                                     absl::Span<const uint64_t> addresses) {
  SymbolTable symbols(texts_);
  if (files.debug_file != nullptr) symbols.Add(*files.debug_file);
  if (files.module != nullptr) symbols.Add(*files.module);
  const ElfModule* with_debug_information = nullptr;
  for (const ElfModule* file : {files.debug_file.get(), files.module.get()}) {
    if (with_debug_information == nullptr && file != nullptr &&
        file->HasDebugInformation()) {
      with_debug_information = file;
    }
  }
  std::unique_ptr<DwarfIndex> index;
  if (with_debug_information != nullptr) {
    index = DwarfIndex::Create(*with_debug_information, *search_, texts_);
    if (index == nullptr)
      AddNote(
          "its debug information cannot be read: lines unknown; install "
          "it again");
  } else if (files.module != nullptr || files.debug_file != nullptr) {
    AddNote(absl::StrCat(
        "no debug information",
        build_id_.empty()
            ? ""
            : absl::StrCat(" (build-id ", BuildIdText(build_id_), ")"),
        ": lines unknown; build it with -g, install its -dbgsym package or "
        "give --debug-dir"));
  }
  if (index != nullptr) {
    index->Resolve(addresses,
                   [&](uint64_t address, std::vector<KnownFrame>* frames) {
                     KnownFrame& outermost = frames->back();
                     if (outermost.function->empty()) {
                       const std::string* name = symbols.FunctionAt(address);
                       if (name != nullptr) outermost.function = name;
                     }
                     answers_.Add(address, *frames);
                   });
    if (!index->Problem().empty()) AddNote(index->Problem());
  }
  for (uint64_t address : addresses) {
    if (answers_.Has(address)) continue;
    const std::string* name = symbols.FunctionAt(address);
    if (name == nullptr) continue;
    const KnownFrame frame{name, texts_->Empty(), 0};
    answers_.Add(address, absl::MakeConstSpan(&frame, 1));
  }
  if (index == nullptr || !index->Problem().empty()) are_answers_whole_ = false;
  if (are_answers_whole_ && cache_ != nullptr && !build_id_.empty()) {
    for (uint64_t address : addresses) answers_.Add(address, {});
    cache_->Store(build_id_, answers_);
  }
}

}  // namespace heapline

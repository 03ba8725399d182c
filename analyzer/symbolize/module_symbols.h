// module_symbols.h: all that is known of one module, whatever it comes from:
// answers of this run, the cache, debug information, symbol tables, in this
// order. Files are open during Resolve only.
//
// What could not be had is said in Notes(), once. The search, cache and texts
// must outlive it. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_MODULE_SYMBOLS_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_MODULE_SYMBOLS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/snapshot/snapshot.h"
#include "analyzer/symbolize/answer_table.h"
#include "analyzer/symbolize/debug_file_search.h"
#include "analyzer/symbolize/string_pool.h"
#include "analyzer/symbolize/symbol_cache.h"
#include "analyzer/symbolize/symbol_table.h"

namespace heapline {

class ModuleSymbols {
 public:
  // `cache` may be NULL.
  ModuleSymbols(const Module& module, const DebugFileSearch* search,
                const SymbolCache* cache, StringPool* texts);

  // REQUIRES: `link_addresses` ascending, without repetition. They are the
  // addresses to look up: return addresses less one.
  void Resolve(absl::Span<const uint64_t> link_addresses);

  // Innermost first; empty when nothing is known. REQUIRES: resolved before.
  absl::Span<const KnownFrame> FramesAt(uint64_t link_address) const {
    return answers_.Find(link_address);
  }

  const std::vector<std::string>& notes() const { return notes_; }

 private:
  // The files of the module as found for one Resolve.
  struct Files {
    std::unique_ptr<ElfModule> module;
    std::unique_ptr<ElfModule> debug_file;
  };
  std::vector<uint64_t> Unanswered(absl::Span<const uint64_t> addresses) const;
  Files OpenFiles();
  void ResolveFromFiles(const Files& files,
                        absl::Span<const uint64_t> addresses);
  void AddNote(const std::string& note);

  const std::string path_;
  const std::string build_id_;
  const bool has_file_;  // the vDSO has none
  const DebugFileSearch* search_;
  const SymbolCache* cache_;
  StringPool* texts_;
  bool is_cache_read_ = false;
  bool are_answers_whole_ = true;  // all from whole debug information
  AnswerTable answers_;
  std::vector<std::string> notes_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_MODULE_SYMBOLS_H_

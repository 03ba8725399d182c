// debuginfod.h: debug files from the servers in DEBUGINFOD_URLS, by the
// system's libdebuginfod, which is loaded only when that variable is set:
// nothing here touches the network otherwise. Not thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_DEBUGINFOD_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_DEBUGINFOD_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "analyzer/symbolize/elf_module.h"

namespace heapline {

// NULL when not asked for, not found, or of another build.
std::unique_ptr<ElfModule> FetchDebugFile(absl::string_view build_id);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_DEBUGINFOD_H_

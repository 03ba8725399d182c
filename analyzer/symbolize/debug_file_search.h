// debug_file_search.h: where the files of a module are: the module itself, and
// the file that has its debug information, by build-id, by .gnu_debuglink, in
// --debug-dir, and by debuginfod where DEBUGINFOD_URLS is set.
//
// Invariant: a file is only returned if it belongs to the build asked for: its
// build-id is equal, or (where there is no build-id) its CRC is the one in
// .gnu_debuglink. Build-ids reach a path as hexadecimal digits only. Immutable.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_DEBUG_FILE_SEARCH_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_DEBUG_FILE_SEARCH_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "analyzer/symbolize/elf_module.h"

namespace heapline {

class DebugFileSearch {
 public:
  DebugFileSearch(std::vector<std::string> debug_directories,
                  std::string sysroot);

  // The module's own file. `build_id` is the snapshot's, "" when it has none:
  // then the path is taken on trust. A file of another build is
  // kFailedPrecondition with both ids in the message.
  absl::StatusOr<std::unique_ptr<ElfModule>> FindModule(
      const std::string& path, absl::string_view build_id) const;

  // A file with .debug_info (at worst only .symtab) for the module; NULL when
  // there is none. `module` may be NULL when its own file is not to be had.
  std::unique_ptr<ElfModule> FindDebugFile(const std::string& path,
                                           absl::string_view build_id,
                                           const ElfModule* module) const;

  // The file that .gnu_debugaltlink of `debug_file_path` names (dwz); NULL.
  std::unique_ptr<ElfModule> FindAlternateFile(
      const std::string& debug_file_path, const std::string& name,
      absl::string_view build_id) const;

 private:
  // Places are tried in order.
  std::vector<std::string> BuildIdPaths(absl::string_view build_id) const;
  std::vector<std::string> PlainPaths(const std::string& path) const;
  std::vector<std::string> DebugLinkPaths(const std::string& directory,
                                          const std::string& file_name) const;

  std::vector<std::string> debug_directories_;
  std::string sysroot_;
};

// `path` without ".", ".." and double slashes, by its text alone; ".." at the
// root of an absolute path vanishes.
std::string NormalPath(absl::string_view path);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_DEBUG_FILE_SEARCH_H_

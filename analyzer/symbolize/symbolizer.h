// symbolizer.h: addresses of a snapshot to functions, files and lines, inlined
// frames included. Knows which side of the minus-one rule an address is on:
// return addresses are looked up at address - 1, interrupted instruction
// pointers as they are. Modules come from the snapshot (range, load bias,
// generation, build-id, path); debug information from the module's file, its
// .gnu_debuglink or build-id file, --debug-dir, --sysroot, and debuginfod only
// where DEBUGINFOD_URLS is set; a perf map for JIT code; else module+offset.
// Never fails: what cannot be known is shown as such, and Notes() says why.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_SYMBOLIZER_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_SYMBOLIZER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

// One frame as people read it. Strings are owned by the symbolizer and live
// as long as it does; equal strings are one object (compare pointers).
struct SourceFrame {
  const std::string* function = nullptr;  // demangled; never NULL:
                                          // "module+0x1234" when unknown
  const std::string* file = nullptr;      // "" when unknown; --path-map applied
  const std::string* module = nullptr;    // path; "" for no module
  uint32_t line = 0;                      // 0 when unknown
  bool is_inlined = false;                // into the next frame of the list
};

struct SymbolizerOptions {
  std::vector<std::string> debug_directories;  // --debug-dir, searched first
  std::string sysroot;                         // --sysroot, "" for none
  std::vector<std::pair<std::string, std::string>> path_map;  // OLD, NEW
  bool use_cache = true;        // $XDG_CACHE_HOME/heapline, keyed by build-id
  std::string cache_directory;  // "" for the default
};

class Symbolizer {
 public:
  // Options are copied.
  static std::unique_ptr<Symbolizer> Create(const SymbolizerOptions& options);
  virtual ~Symbolizer() = default;

  // Frames of each node's own address (not of its ancestors), innermost
  // (deepest inlined) first, at least one each; result[i] belongs to nodes[i].
  // Nodes of kind thread, scope and special get one frame with a name in angle
  // brackets ("<truncated>") and no module. Work is batched by module: ask for
  // all nodes of interest in one call. `snapshot` is used during the call only.
  virtual std::vector<std::vector<SourceFrame>> Symbolize(
      const Snapshot& snapshot, absl::Span<const NodeId> nodes) = 0;

  // Name of the function that starts at or covers `address` in the snapshot
  // (a thread's start routine), or "" when unknown.
  virtual std::string FunctionAt(const Snapshot& snapshot,
                                 uint64_t address) = 0;

  // One line a module that could not be symbolized as its build promises:
  // "libfoo.so: no debug information (build-id ab12…): lines unknown; install
  // its -dbgsym package or give --debug-dir".
  virtual std::vector<std::string> Notes() const = 0;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_SYMBOLIZER_H_

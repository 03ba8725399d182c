// path_map.h: --path-map OLD=NEW: source paths as they are on this machine.
// Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_PATH_MAP_H_
#define HEAPLINE_ANALYZER_COMMAND_PATH_MAP_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "analyzer/symbolize/symbolizer.h"

namespace heapline {

// Adds each pair to options->path_map. Stops at the first that is none.
absl::Status ReadPathMap(const std::vector<std::string>& pairs,
                         SymbolizerOptions* options);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_PATH_MAP_H_

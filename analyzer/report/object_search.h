// object_search.h: what X means on the command line of a graph report: an
// address, a type, a site as file:line, or a root's name. Types and sites may
// be globs.
//
// Invariant: an error says what was looked for and the nearest name there is.
// Not thread-safe.
#ifndef HEAPLINE_ANALYZER_REPORT_OBJECT_SEARCH_H_
#define HEAPLINE_ANALYZER_REPORT_OBJECT_SEARCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/report/graph_side.h"

namespace heapline {

enum class Wanted { kObjects, kObjectsOrRoots };

struct Found {
  enum class By { kAddress, kName, kRoot };
  By by = By::kName;
  std::vector<Vertex> objects;   // ascending; of a root those it refers to
  std::vector<uint32_t> groups;  // of kRoot: indices into root_groups().groups
};

// Never empty. An address is of the object in which it lies. Roots are called
// as reports call them, "global g_cache", or without their kind.
absl::StatusOr<Found> FindNamed(GraphSide* side, const std::string& text,
                                Wanted wanted);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_REPORT_OBJECT_SEARCH_H_

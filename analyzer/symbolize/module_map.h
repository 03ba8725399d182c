// module_map.h: which module of a snapshot an address lies in. A range may
// have belonged to several modules in turn; the generation tells them apart.
// The snapshot must outlive the map. Immutable, so thread-safe.
#ifndef HEAPLINE_ANALYZER_SYMBOLIZE_MODULE_MAP_H_
#define HEAPLINE_ANALYZER_SYMBOLIZE_MODULE_MAP_H_

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "analyzer/snapshot/snapshot.h"

namespace heapline {

constexpr uint32_t kNoModule = UINT32_MAX;

class ModuleMap {
 public:
  explicit ModuleMap(const Snapshot& snapshot);

  // Index into snapshot.modules, or kNoModule.
  uint32_t ModuleAt(uint64_t address, uint32_t generation) const;

  // For an address whose generation is not known: the module loaded last,
  // one still mapped at the cut before any other.
  uint32_t LatestModuleAt(uint64_t address) const;

 private:
  struct Range {
    uint64_t start;  // [start, end)
    uint64_t end;
    uint32_t module;
  };
  const Snapshot& snapshot_;
  // Ascending by start; ranges of one generation do not overlap in a sound
  // file, and in another one some are not found.
  absl::flat_hash_map<uint32_t, std::vector<Range>> ranges_by_generation_;
};

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_SYMBOLIZE_MODULE_MAP_H_

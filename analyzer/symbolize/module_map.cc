#include "analyzer/symbolize/module_map.h"

#include <algorithm>
#include <tuple>

namespace heapline {

ModuleMap::ModuleMap(const Snapshot& snapshot) : snapshot_(snapshot) {
  for (uint32_t i = 0; i < snapshot.modules.size(); ++i) {
    const Module& module = snapshot.modules[i];
    if (module.start >= module.end) continue;
    ranges_by_generation_[module.generation].push_back(
        {module.start, module.end, i});
  }
  for (auto& entry : ranges_by_generation_) {
    std::sort(entry.second.begin(), entry.second.end(),
              [](const Range& a, const Range& b) {
                return std::tie(a.start, a.module) <
                       std::tie(b.start, b.module);
              });
  }
}

uint32_t ModuleMap::ModuleAt(uint64_t address, uint32_t generation) const {
  auto found = ranges_by_generation_.find(generation);
  if (found == ranges_by_generation_.end()) return kNoModule;
  const std::vector<Range>& ranges = found->second;
  auto after = std::upper_bound(
      ranges.begin(), ranges.end(), address,
      [](uint64_t wanted, const Range& range) { return wanted < range.start; });
  if (after == ranges.begin()) return kNoModule;
  --after;
  return address < after->end ? after->module : kNoModule;
}

uint32_t ModuleMap::LatestModuleAt(uint64_t address) const {
  uint32_t best = kNoModule;
  for (const auto& entry : ranges_by_generation_) {
    const uint32_t candidate = ModuleAt(address, entry.first);
    if (candidate == kNoModule) continue;
    const auto worth = [&](uint32_t index) {
      const Module& module = snapshot_.modules[index];
      return std::make_tuple((module.flags & HL_MODULE_UNLOADED) == 0,
                             module.generation);
    };
    if (best == kNoModule || worth(candidate) > worth(best)) best = candidate;
  }
  return best;
}

}  // namespace heapline

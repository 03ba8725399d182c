// root_groups.h: root references by what people call them: a global symbol, a
// thread's stack, its registers. A group is what "held by" can name: the words
// of one std::map in .bss are one holder.
//
// Invariant: every root reference is in one group. Groups are in the order of
// kind, owner and address. Immutable.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_ROOT_GROUPS_H_
#define HEAPLINE_ANALYZER_ANALYSIS_ROOT_GROUPS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/analysis/object_graph.h"
#include "analyzer/symbolize/data_symbols.h"

namespace heapline {

struct RootGroup {
  uint8_t kind = 0;  // HL_ROOT_…
  std::string name;  // "g_cache", "thread main", "libfoo.so+0x1230"
};

struct RootGroups {
  std::vector<RootGroup> groups;
  std::vector<uint32_t> of_root;  // by index into graph.roots()
};

RootGroups GroupRoots(const ObjectGraph& graph, DataSymbols* symbols);

// "global g_cache", "stack of thread main".
std::string HolderText(const RootGroup& group);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_ROOT_GROUPS_H_

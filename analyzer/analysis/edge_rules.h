// edge_rules.h: which words are no owning references, and which are counts.
// The shipped rules are edge_rules.def and what CPython's collector links; a
// user's file (--edge-rules) adds lines:
//
//   # what        where it stands   word    (globs; type and site in quotes
//   weak type     "Node"            +0x18    where they hold blanks)
//   weak site     "*list.c:34"      +8
//   count type    "RefCounted*"     +8
//
// A weak word is kept, drawn, and not followed. A count says how many
// references account for all owners: the low half of the word. A type that is
// a CPython object is counted from the object, behind its PyGC_Head.
//
// Invariant: a file is taken as a whole or is an error that names the line.
// Value type; texts are copied.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_EDGE_RULES_H_
#define HEAPLINE_ANALYZER_ANALYSIS_EDGE_RULES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "analyzer/analysis/object_graph.h"
#include "analyzer/analysis/object_types.h"

namespace heapline {

struct EdgeRule {
  enum class What { kWeak, kCount };
  enum class Where { kType, kSite };
  What what = What::kWeak;
  Where where = Where::kType;
  std::string pattern;  // of glob.h
  uint64_t offset = 0;  // bytes, a multiple of 8
};

// Whether the words by which CPython's garbage collector links all its objects,
// and those that list an object's weak references, are weak: shipped knowledge,
// which no row can say.
enum class CollectorLinks { kWeak, kFollowed };

// The rows of edge_rules.def.
std::vector<EdgeRule> ShippedEdgeRules();
absl::StatusOr<std::vector<EdgeRule>> TryParseEdgeRules(absl::string_view text,
                                                        absl::string_view name);
absl::StatusOr<std::vector<EdgeRule>> TryReadEdgeRules(const std::string& path);

// Makes references weak as the rules and `links` say; references to where
// objects begin (ObjectTypes::starts) become exact; adds declared counts to
// `types`. site_of gives a call-tree node's "file:line"; it is asked only where
// a rule names a site.
void ApplyEdgeRules(const std::vector<EdgeRule>& rules, CollectorLinks links,
                    const std::function<std::string(NodeId)>& site_of,
                    ObjectTypes* types, ObjectGraph* graph);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_EDGE_RULES_H_

// site_rules.h: which frames can be an allocation site. The rules are one
// table, site_rules.def, matched on function, file and module. The site of a
// call stack is its innermost frame (inlined ones included) that is neither an
// allocator's wrapper nor system code. Where rules match every frame, the
// innermost one that is no wrapper stands in; else the innermost one.
// Stateless but for the table; thread-safe.
#ifndef HEAPLINE_ANALYZER_ANALYSIS_SITE_RULES_H_
#define HEAPLINE_ANALYZER_ANALYSIS_SITE_RULES_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace heapline {

// Ordered: a greater value is a better site.
enum class SiteKind {
  kWrapper,  // hands out memory for its caller
  kSystem,   // C and C++ run time, headers
  kProgram,  // no rule matches: the program's own, or a library's
};

struct SiteRule {
  SiteKind kind;
  const char* function;  // globs; "" matches all
  const char* file;
  const char* module;
  const char* why;
};

// The rows of site_rules.def, in order.
const std::vector<SiteRule>& SiteRules();

// The kind of the first row that matches; wrappers stand before system code.
// `function` is demangled in full; file and module are paths or "".
SiteKind SiteKindOf(absl::string_view function, absl::string_view file,
                    absl::string_view module);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_ANALYSIS_SITE_RULES_H_

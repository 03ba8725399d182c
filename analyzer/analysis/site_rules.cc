#include "analyzer/analysis/site_rules.h"

#include <algorithm>

#include "analyzer/analysis/qualified_name.h"
#include "analyzer/base/glob.h"

namespace heapline {
namespace {

bool Matches(const char* pattern, absl::string_view text) {
  return pattern[0] == '\0' || GlobMatches(pattern, text);
}

}  // namespace

const std::vector<SiteRule>& SiteRules() {
  static const auto* const rules = new std::vector<SiteRule>{
#define HL_SITE_RULE(kind, function, file, module, why) \
  {SiteKind::k##kind, function, file, module, why},
#include "analyzer/analysis/site_rules.def"
  };
  return *rules;
}

SiteKind SiteKindOf(absl::string_view function, absl::string_view file,
                    absl::string_view module) {
  const absl::string_view name = QualifiedName(function);
  for (const SiteRule& rule : SiteRules()) {
    if (Matches(rule.function, name) && Matches(rule.file, file) &&
        Matches(rule.module, module)) {
      return rule.kind;
    }
  }
  return SiteKind::kProgram;
}

}  // namespace heapline

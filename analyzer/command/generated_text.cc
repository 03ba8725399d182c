#include "analyzer/command/generated_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/base/status.h"

namespace heapline {

const std::vector<std::string>& GeneratedTextNames() {
  static const auto* const names =
      new std::vector<std::string>{"completions-bash", "man"};
  return *names;
}

absl::StatusOr<std::string> GenerateText(const std::string& what,
                                         const CLI::App& app) {
  if (what == "completions-bash") return BashCompletions(app);
  if (what == "man") return ManPage(app);
  return Problem(
      absl::StatusCode::kInvalidArgument, "--generate",
      absl::StrCat("nothing is called ", what),
      absl::StrCat("there are: ", absl::StrJoin(GeneratedTextNames(), ", ")));
}

}  // namespace heapline

// generated_text.h: what is made from the command line's own tables, so that
// it cannot disagree with them: bash completions and the man page. Asked for
// by `heapline --generate WHAT` when the product is built. Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_GENERATED_TEXT_H_
#define HEAPLINE_ANALYZER_COMMAND_GENERATED_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace CLI {
class App;
}

namespace heapline {

// What can be generated: "completions-bash", "man".
const std::vector<std::string>& GeneratedTextNames();

// `app` is the root with all commands declared.
absl::StatusOr<std::string> GenerateText(const std::string& what,
                                         const CLI::App& app);

// The two texts, each in a file of its own.
std::string BashCompletions(const CLI::App& app);
std::string ManPage(const CLI::App& app);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_GENERATED_TEXT_H_

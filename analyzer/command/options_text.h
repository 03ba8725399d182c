// options_text.h: HEAPLINE_OPTIONS as the command line puts it together: the
// list inherited from the environment with single keys replaced, values quoted
// where they need it. The same grammar as the shim's own parser. Values are
// not judged here: the shim says what is wrong with one. Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_OPTIONS_TEXT_H_
#define HEAPLINE_ANALYZER_COMMAND_OPTIONS_TEXT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace heapline {

using OptionList = std::vector<std::pair<std::string, std::string>>;

// Items without a value have "" and keep their place.
OptionList ParseOptionList(absl::string_view text);
std::string JoinOptionList(const OptionList& options);

// The value of the last `key`, or nullptr.
const std::string* FindOption(const OptionList& options, absl::string_view key);
// Replaces every `key` by one at the end.
void SetOption(absl::string_view key, absl::string_view value,
               OptionList* options);

// OK when options.def has such a key; else an error with the nearest one.
absl::Status CheckOptionKey(absl::string_view key);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_OPTIONS_TEXT_H_

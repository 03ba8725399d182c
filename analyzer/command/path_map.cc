#include "analyzer/command/path_map.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"

namespace heapline {

absl::Status ReadPathMap(const std::vector<std::string>& pairs,
                         SymbolizerOptions* options) {
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Problem(
          absl::StatusCode::kInvalidArgument, "reading --path-map",
          absl::StrCat(QuotedText(pair), " is not of the form OLD=NEW"),
          "give the path prefix as recorded, =, and what to show");
    }
    options->path_map.emplace_back(pair.substr(0, equals),
                                   pair.substr(equals + 1));
  }
  return absl::OkStatus();
}

}  // namespace heapline

// demo_json.h: what the demonstration program tells, out of its JSON. A field
// that is missing or of another kind makes the whole an error that names it.
// Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_DEMO_JSON_H_
#define HEAPLINE_ANALYZER_COMMAND_DEMO_JSON_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "analyzer/command/demo_program.h"

namespace heapline {

absl::StatusOr<std::vector<DemoScenario>> ParseDemoScenarios(
    absl::string_view text);
absl::StatusOr<std::vector<DemoChecklistRow>> ParseDemoChecklist(
    absl::string_view text);
absl::StatusOr<std::vector<DemoTrial>> ParseDemoTrials(absl::string_view text);

// Fills cuts (names of exact files), grows, kept and numbers.
absl::Status ParseDemoTruth(absl::string_view text, DemoRun* run);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_DEMO_JSON_H_

// demo_documents.h: what `heapline demo` shows, as Documents: the map of the
// checklist, one scenario with its reports and the truth beside them, all
// scenarios with the score, the collector's experiment. Pure functions.
//
// Invariant: each is named heapline.demo.
#ifndef HEAPLINE_ANALYZER_COMMAND_DEMO_DOCUMENTS_H_
#define HEAPLINE_ANALYZER_COMMAND_DEMO_DOCUMENTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/command/demo_findings.h"
#include "analyzer/command/demo_program.h"
#include "analyzer/command/demo_reports.h"
#include "analyzer/report/document.h"

namespace heapline {

Document DemoChecklistDocument(const std::vector<DemoChecklistRow>& rows);

// One variant of a scenario, as it ran.
struct DemoPart {
  DemoRun run;
  DemoFindings findings;
  // In the scenario's order; a report that could not be made says why.
  std::vector<absl::StatusOr<DemoReport>> reports;
};

// A scenario on one heap: broken, and fixed unless it shows no symptom.
struct DemoOutcome {
  DemoScenario scenario;
  DemoHeap heap = DemoHeap::kMalloc;
  const DemoSymptomRow* symptom = nullptr;
  absl::Status status;  // why it could not be run; its parts are none then
  std::vector<DemoPart> parts;

  GraphScore Score() const;
  // The symptom was found where it is and not where it is not, and the sizes
  // that the runtime told are what the exact snapshots say.
  bool IsRight() const;
};

Document DemoScenarioDocument(const DemoOutcome& outcome);

struct DemoSummary {
  Document document;
  bool is_right = false;  // all outcomes, and the score is as promised
};
DemoSummary SummarizeDemo(const std::vector<DemoOutcome>& outcomes);

Document DemoTrialsDocument(const std::vector<DemoTrial>& trials);
// With a line of names first.
std::string DemoTrialsCsv(const std::vector<DemoTrial>& trials);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_DEMO_DOCUMENTS_H_

// heapline demo: runs the demonstration program traced and shows what reports
// say of it, beside what it knows of itself.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/base/edit_distance.h"
#include "analyzer/base/output_file.h"
#include "analyzer/base/progress.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/command/commands.h"
#include "analyzer/command/demo_documents.h"
#include "analyzer/command/demo_findings.h"
#include "analyzer/command/demo_folder.h"
#include "analyzer/command/demo_program.h"
#include "analyzer/command/demo_reports.h"
#include "analyzer/command/program_runner.h"
#include "analyzer/command/report_command.h"

namespace heapline {
namespace {

constexpr absl::string_view kWords[] = {"list", "all", "tune"};

struct DemoArguments {
  std::string scenario = "list";
  std::string heap = "malloc";
  bool is_heap_given = false;
  std::string format = "text";
  std::string output = "-";
  std::string keep;
  std::string csv;
};

// An option that says nothing to what is asked for is a mistake.
absl::Status CheckOptions(const DemoArguments& arguments) {
  const std::string& word = arguments.scenario;
  const bool is_scenario =
      std::find(std::begin(kWords), std::end(kWords), word) == std::end(kWords);
  const struct {
    const char* option;
    bool is_given;
    bool has_meaning;
    const char* belongs_to;
  } options[] = {
      {"--heap", arguments.is_heap_given, is_scenario, "a scenario's name"},
      {"--keep", !arguments.keep.empty(), is_scenario || word == "all",
       "a scenario's name or `all`"},
      {"--csv", !arguments.csv.empty(), word == "tune", "`tune`"},
  };
  for (const auto& option : options) {
    if (!option.is_given || option.has_meaning) continue;
    return Problem(absl::StatusCode::kInvalidArgument,
                   absl::StrCat("showing ", SafeText(word)),
                   absl::StrCat(option.option, " says nothing to it"),
                   absl::StrCat("give it with ", option.belongs_to));
  }
  return absl::OkStatus();
}

enum class DemoReports { kMake, kLeaveOut };

// Runs scenarios, one folder a run.
class DemoRunner {
 public:
  static absl::StatusOr<DemoRunner> TryCreate(const DemoProgram& program,
                                              const std::string& keep) {
    DemoRunner runner(program);
    absl::StatusOr<std::unique_ptr<DemoFolder>> folder =
        DemoFolder::TryCreate(keep);
    if (!folder.ok()) return folder.status();
    runner.folder_ = *std::move(folder);
    const absl::StatusOr<std::string> rules = program.TryTellEdgeRules();
    if (!rules.ok()) return rules.status();
    const absl::StatusOr<std::string> path =
        runner.folder_->TryWriteFile("edge.rules", *rules);
    if (!path.ok()) return path.status();
    runner.edge_rules_ = *path;
    ReportRequest request;
    request.wrappers = {kDemoWrappers};
    request.graph.edge_rules = {*path};
    runner.analyzer_ = std::make_unique<DemoAnalyzer>(request);
    return runner;
  }

  DemoOutcome Run(const DemoScenario& scenario, DemoHeap heap,
                  DemoReports reports) {
    DemoOutcome outcome;
    outcome.scenario = scenario;
    outcome.heap = heap;
    outcome.symptom = FindDemoSymptom(scenario.symptom);
    if (outcome.symptom == nullptr) {
      outcome.symptom = FindDemoSymptom("none");
      outcome.status =
          Problem(absl::StatusCode::kInvalidArgument, scenario.name,
                  absl::StrCat("no symptom is called ", scenario.symptom),
                  "build heapline and its samples from one source");
      return outcome;
    }
    for (const DemoVariant variant :
         {DemoVariant::kBroken, DemoVariant::kFixed}) {
      if (variant == DemoVariant::kFixed &&
          outcome.symptom->symptom == DemoSymptom::kNone) {
        break;
      }
      absl::StatusOr<DemoPart> part = TryRunPart(outcome, variant, reports);
      if (!part.ok()) {
        outcome.status = part.status();
        outcome.parts.clear();
        break;
      }
      outcome.parts.push_back(*std::move(part));
    }
    return outcome;
  }

 private:
  explicit DemoRunner(const DemoProgram& program) : program_(program) {}

  absl::StatusOr<DemoPart> TryRunPart(const DemoOutcome& outcome,
                                      DemoVariant variant,
                                      DemoReports reports) {
    const absl::StatusOr<std::string> directory = folder_->TryMakeFolder(
        absl::StrCat(outcome.scenario.name, ".", DemoHeapName(outcome.heap),
                     ".", DemoVariantName(variant)));
    if (!directory.ok()) return directory.status();
    absl::StatusOr<DemoPart> part =
        TryRunIn(*directory, outcome, variant, reports);
    folder_->Drop(*directory);
    return part;
  }

  absl::StatusOr<DemoPart> TryRunIn(const std::string& directory,
                                    const DemoOutcome& outcome,
                                    DemoVariant variant, DemoReports reports) {
    absl::StatusOr<DemoRun> run = program_.TryRun(
        outcome.scenario.name, variant, outcome.heap, directory);
    if (!run.ok()) return run.status();
    DemoPart part;
    part.run = *std::move(run);
    absl::StatusOr<DemoFindings> findings =
        analyzer_->TryAnalyze(part.run, outcome.symptom->symptom);
    if (!findings.ok()) return findings.status();
    part.findings = *std::move(findings);
    if (reports == DemoReports::kLeaveOut) return part;
    for (const std::string& report : outcome.scenario.reports) {
      part.reports.push_back(MakeDemoReport(
          report, part.run, edge_rules_,
          [this](const std::string& path) { return folder_->Shown(path); }));
    }
    return part;
  }

  DemoProgram program_;
  std::unique_ptr<DemoFolder> folder_;
  std::string edge_rules_;
  std::unique_ptr<DemoAnalyzer> analyzer_;
};

absl::StatusOr<const DemoScenario*> TryFindScenario(
    const std::vector<DemoScenario>& scenarios, const std::string& name) {
  std::vector<absl::string_view> names(std::begin(kWords), std::end(kWords));
  for (const DemoScenario& scenario : scenarios) {
    if (scenario.name == name) return &scenario;
    names.push_back(scenario.name);
  }
  const std::string nearest = NearestWord(name, names);
  return Problem(
      absl::StatusCode::kNotFound, absl::StrCat("running ", SafeText(name)),
      "there is no such scenario",
      nearest.empty() ? "`heapline demo list` shows them"
                      : absl::StrCat("did you mean '", nearest, "'?"));
}

struct DemoResult {
  Document document;
  bool is_right = true;
};

absl::StatusOr<DemoResult> ShowOne(const DemoProgram& program,
                                   const DemoArguments& arguments) {
  const absl::StatusOr<std::vector<DemoScenario>> scenarios =
      program.TryListScenarios();
  if (!scenarios.ok()) return scenarios.status();
  const absl::StatusOr<const DemoScenario*> scenario =
      TryFindScenario(*scenarios, arguments.scenario);
  if (!scenario.ok()) return scenario.status();
  absl::StatusOr<DemoRunner> runner =
      DemoRunner::TryCreate(program, arguments.keep);
  if (!runner.ok()) return runner.status();
  const DemoOutcome outcome = runner->Run(
      **scenario,
      arguments.heap == "pools" ? DemoHeap::kPools : DemoHeap::kMalloc,
      DemoReports::kMake);
  if (!outcome.status.ok()) return outcome.status;
  return DemoResult{DemoScenarioDocument(outcome), outcome.IsRight()};
}

absl::StatusOr<DemoResult> ShowAll(const DemoProgram& program,
                                   const DemoArguments& arguments) {
  const absl::StatusOr<std::vector<DemoScenario>> scenarios =
      program.TryListScenarios();
  if (!scenarios.ok()) return scenarios.status();
  absl::StatusOr<DemoRunner> runner =
      DemoRunner::TryCreate(program, arguments.keep);
  if (!runner.ok()) return runner.status();
  std::vector<DemoOutcome> outcomes;
  Progress progress("running scenarios", 2 * scenarios->size());
  for (const DemoScenario& scenario : *scenarios) {
    for (const DemoHeap heap : {DemoHeap::kMalloc, DemoHeap::kPools}) {
      outcomes.push_back(runner->Run(scenario, heap, DemoReports::kLeaveOut));
      const absl::Status& status = outcomes.back().status;
      if (EndingSignal(status) != 0) return status;
      progress.Show(outcomes.size());
    }
  }
  DemoSummary summary = SummarizeDemo(outcomes);
  return DemoResult{std::move(summary.document), summary.is_right};
}

absl::StatusOr<DemoResult> ShowList(const DemoProgram& program) {
  const absl::StatusOr<std::vector<DemoChecklistRow>> rows =
      program.TryListChecklist();
  if (!rows.ok()) return rows.status();
  return DemoResult{DemoChecklistDocument(*rows), true};
}

absl::StatusOr<DemoResult> ShowTrials(const DemoProgram& program,
                                      const DemoArguments& arguments) {
  const absl::StatusOr<std::vector<DemoTrial>> trials = program.TryTune();
  if (!trials.ok()) return trials.status();
  if (!arguments.csv.empty()) {
    absl::StatusOr<OutputFile> file =
        OutputFile::TryCreate(arguments.csv, OutputFile::kOrdinaryMode);
    if (!file.ok()) return file.status();
    absl::Status status = file->TryWrite(DemoTrialsCsv(*trials));
    if (status.ok()) status = file->TryCommit();
    if (!status.ok()) return status;
  }
  return DemoResult{DemoTrialsDocument(*trials), true};
}

absl::StatusOr<DemoResult> MakeDemo(const DemoArguments& arguments) {
  const absl::StatusOr<DemoProgram> program = DemoProgram::TryFind();
  if (!program.ok()) return program.status();
  if (arguments.scenario == "list") return ShowList(*program);
  if (arguments.scenario == "all") return ShowAll(*program, arguments);
  if (arguments.scenario == "tune") return ShowTrials(*program, arguments);
  return ShowOne(*program, arguments);
}

absl::StatusOr<int> RunDemo(const DemoArguments& arguments,
                            const CommandContext& context) {
  const absl::Status usage = CheckOptions(arguments);
  if (!usage.ok()) return usage;
  absl::StatusOr<OutputFile> output =
      OutputFile::TryCreate(arguments.output, OutputFile::kOrdinaryMode);
  if (!output.ok()) return output.status();
  const absl::StatusOr<DemoResult> result = MakeDemo(arguments);
  if (!result.ok()) return result.status();
  const absl::Status status = ShowDocument(
      result->document, "demo", arguments.format, context.color, &*output);
  if (!status.ok()) return status;
  return result->is_right ? kExitDone : kExitCannot;
}

}  // namespace

CommandAction DeclareDemo(CommandContext& context, CLI::App& command) {
  const auto arguments = std::make_shared<DemoArguments>();
  command
      .add_option(
          "SCENARIO", arguments->scenario,
          "A scenario's name; list: what honours each row of the "
          "checklist; all: every scenario on both heaps, and the score; "
          "tune: the collector's thresholds")
      ->capture_default_str();
  const CLI::Option* const heap =
      command
          .add_option(
              "--heap", arguments->heap,
              "Objects come from malloc, or from the runtime's own pools, "
              "which it reports")
          ->type_name("HEAP")
          ->check(CLI::IsMember({"malloc", "pools"}))
          ->capture_default_str();
  command
      .add_option("--keep", arguments->keep,
                  "Keep the snapshots in DIR, which must be empty or missing")
      ->type_name("DIR");
  command
      .add_option("--csv", arguments->csv,
                  "tune: write the table to FILE, too; - is standard output")
      ->type_name("FILE");
  command.add_option("--format", arguments->format, "text or json")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command
      .add_option("-o,--output", arguments->output,
                  "Write to FILE; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  command.footer(
      "Runs the demonstration runtime traced, as an ordinary program: first "
      "the "
      "broken variant, then the fixed one. Shows what it prints, the reports "
      "that matter, what the runtime itself knows to be true, and how well "
      "both agree. Ends with 2 where they do not.");
  return [arguments, heap, &context]() {
    arguments->is_heap_given = heap->count() > 0;
    const absl::StatusOr<int> status = RunDemo(*arguments, context);
    const int signal = EndingSignal(status.status());
    if (signal != 0) EndBySignal(signal);
    return status;
  };
}

}  // namespace heapline

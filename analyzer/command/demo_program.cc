#include "analyzer/command/demo_program.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/command/demo_json.h"
#include "analyzer/command/installed_files.h"
#include "analyzer/command/program_runner.h"
#include "analyzer/command/run_summary.h"
#include "analyzer/command/wrapped_program.h"

namespace heapline {
namespace {

// What a status that EndingSignal knows carries.
constexpr char kEndingSignal[] = "heapline.demo/ending-signal";

// A program's standard output, kept in memory.
class CapturedOutput {
 public:
  CapturedOutput() : descriptor_(memfd_create("output", MFD_CLOEXEC)) {}
  CapturedOutput(const CapturedOutput&) = delete;
  ~CapturedOutput() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int descriptor() const { return descriptor_; }
  std::string Text() const {
    std::string text;
    char part[4096];
    ssize_t count;
    while ((count = pread(descriptor_, part, sizeof part,
                          static_cast<off_t>(text.size()))) > 0) {
      text.append(part, static_cast<size_t>(count));
    }
    return text;
  }

 private:
  const int descriptor_;
};

struct ProgramResult {
  pid_t pid = 0;
  std::string output;
};

std::string HowItEnded(int wait_status) {
  return WIFSIGNALED(wait_status)
             ? absl::StrCat("it ended by signal ", WTERMSIG(wait_status))
             : absl::StrCat("it ended with status ", WEXITSTATUS(wait_status));
}

absl::StatusOr<ProgramResult> RunToTheEnd(std::vector<std::string> arguments,
                                          Environment environment) {
  std::string doing = "running";
  for (const std::string& argument : arguments) {
    absl::StrAppend(&doing, " ", argument);
  }
  const CapturedOutput output;
  if (output.descriptor() < 0) {
    return SystemProblem(errno, doing, "memfd_create", "free some memory");
  }
  ProgramToRun program;
  program.arguments = std::move(arguments);
  program.environment = std::move(environment);
  program.standard_output = output.descriptor();
  const absl::StatusOr<ProgramEnd> end = RunProgram(program);
  if (!end.ok()) return end.status();
  if (end->exec_error != 0) {
    return SystemProblem(end->exec_error, doing, "exec", "check the file");
  }
  if (end->shared_signal != 0) {
    absl::Status status = Problem(absl::StatusCode::kCancelled, doing,
                                  HowItEnded(end->wait_status), "");
    status.SetPayload(kEndingSignal,
                      absl::Cord(absl::StrCat(end->shared_signal)));
    return status;
  }
  if (end->wait_status != 0) {
    return Problem(absl::StatusCode::kInternal, doing,
                   HowItEnded(end->wait_status), "run it by hand");
  }
  return ProgramResult{end->pid, output.Text()};
}

// Snapshots of process `pid` in the directory, by their number.
std::vector<std::string> TracedSnapshots(const std::string& directory,
                                         pid_t pid) {
  std::vector<std::pair<int64_t, std::string>> found;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(directory, error)) {
    const int64_t sequence = SequenceOf(entry.path().filename().string(), pid);
    if (sequence >= 0) found.emplace_back(sequence, entry.path().string());
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> paths;
  for (const auto& [sequence, path] : found) paths.push_back(path);
  return paths;
}

}  // namespace

int EndingSignal(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kEndingSignal);
  int signal = 0;
  return payload && absl::SimpleAtoi(std::string(*payload), &signal) ? signal
                                                                     : 0;
}

const char* DemoVariantName(DemoVariant variant) {
  return variant == DemoVariant::kBroken ? "broken" : "fixed";
}

const char* DemoHeapName(DemoHeap heap) {
  return heap == DemoHeap::kMalloc ? "malloc" : "pools";
}

absl::StatusOr<DemoProgram> DemoProgram::TryFind() {
  const absl::StatusOr<std::string> path = FindDemonstration();
  if (!path.ok()) return path.status();
  const absl::StatusOr<std::string> shim = FindShim();
  if (!shim.ok()) return shim.status();
  return DemoProgram(*path, *shim);
}

absl::StatusOr<std::string> DemoProgram::TryAsk(
    const std::string& option) const {
  absl::StatusOr<ProgramResult> result = RunToTheEnd({path_, option}, {});
  if (!result.ok()) return result.status();
  return std::move(result->output);
}

absl::StatusOr<std::vector<DemoScenario>> DemoProgram::TryListScenarios()
    const {
  const absl::StatusOr<std::string> text = TryAsk("--scenarios");
  if (!text.ok()) return text.status();
  return ParseDemoScenarios(*text);
}

absl::StatusOr<std::vector<DemoChecklistRow>> DemoProgram::TryListChecklist()
    const {
  const absl::StatusOr<std::string> text = TryAsk("--checklist");
  if (!text.ok()) return text.status();
  return ParseDemoChecklist(*text);
}

absl::StatusOr<std::string> DemoProgram::TryTellEdgeRules() const {
  return TryAsk("--edge-rules");
}

absl::StatusOr<std::vector<DemoTrial>> DemoProgram::TryTune() const {
  const absl::StatusOr<std::string> text = TryAsk("--tune");
  if (!text.ok()) return text.status();
  return ParseDemoTrials(*text);
}

absl::StatusOr<DemoRun> DemoProgram::TryRun(
    const std::string& scenario, DemoVariant variant, DemoHeap heap,
    const std::string& directory) const {
  const absl::StatusOr<ProgramResult> result = RunToTheEnd(
      {path_, scenario, "--variant", DemoVariantName(variant), "--heap",
       DemoHeapName(heap), "--out", directory},
      TracedEnvironment(shim_, {{"out", directory}, {"at_exit", "0"}}));
  if (!result.ok()) return result.status();
  const std::string path = directory + "/truth.json";
  std::ifstream file(path, std::ios::binary);
  const std::string truth{std::istreambuf_iterator<char>(file), {}};
  DemoRun run;
  run.variant = variant;
  run.output = result->output;
  const absl::Status status = ParseDemoTruth(truth, &run);
  if (!status.ok()) return status;
  const std::vector<std::string> traced =
      TracedSnapshots(directory, result->pid);
  if (traced.size() != run.cuts.size()) {
    return Problem(
        absl::StatusCode::kInternal, absl::StrCat("tracing ", scenario),
        absl::StrCat("it was cut ", Counted(run.cuts.size(), "time"), ", and ",
                     Counted(traced.size(), "snapshot"), " came of it"),
        "look at what the tracer says on standard error");
  }
  for (size_t i = 0; i < traced.size(); ++i) {
    run.cuts[i].traced = traced[i];
    run.cuts[i].exact = absl::StrCat(directory, "/", run.cuts[i].exact);
  }
  return run;
}

}  // namespace heapline

// heapline run -- PROGRAM: starts it traced, ends as it ended, and says which
// snapshots there are.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/command/commands.h"
#include "analyzer/command/control_files.h"
#include "analyzer/command/installed_files.h"
#include "analyzer/command/options_text.h"
#include "analyzer/command/process_control.h"
#include "analyzer/command/program_runner.h"
#include "analyzer/command/run_summary.h"
#include "analyzer/command/wrapped_program.h"

namespace heapline {
namespace {

constexpr int kExitCannotExecute = 126;
constexpr int kExitNotFound = 127;

struct RunArguments {
  std::string output;
  std::string interval;
  std::string sample;
  std::string gate;
  std::vector<std::string> settings;
  std::vector<std::string> program;
};

void Say(absl::string_view text) {
  std::fprintf(stderr, "heapline run: %s\n", SafeText(text).c_str());
}

std::string Absolute(const std::string& path) {
  if (path.empty() || path[0] == '/') return path;
  char directory[4096];
  if (getcwd(directory, sizeof directory) == nullptr) return path;
  return absl::StrCat(directory, "/", path);
}

// HEAPLINE_OPTIONS for the program: what is inherited, then what the command
// line says. `out` is made absolute: the program and its children may run in
// other directories.
absl::StatusOr<OptionList> ComposeOptions(const RunArguments& arguments) {
  const char* inherited = getenv("HEAPLINE_OPTIONS");
  OptionList options = ParseOptionList(inherited != nullptr ? inherited : "");
  for (const std::string& setting : arguments.settings) {
    const size_t equals = setting.find('=');
    const absl::string_view key = absl::string_view(setting).substr(0, equals);
    if (equals == std::string::npos) {
      return Problem(absl::StatusCode::kInvalidArgument,
                     absl::StrCat("--set ", SafeText(setting)),
                     "it has no value", "write --set key=value");
    }
    const absl::Status known = CheckOptionKey(key);
    if (!known.ok()) return known;
    SetOption(key, absl::string_view(setting).substr(equals + 1), &options);
  }
  if (!arguments.output.empty()) SetOption("out", arguments.output, &options);
  if (!arguments.interval.empty()) {
    SetOption("interval", arguments.interval, &options);
  }
  if (!arguments.sample.empty()) {
    SetOption("sample", arguments.sample, &options);
  }
  const std::string* out = FindOption(options, "out");
  SetOption(
      "out",
      Absolute(out != nullptr && !out->empty() ? *out : "heapline-snapshots"),
      &options);
  return options;
}

// on_death from outside: before a signal that ends most programs is passed on.
void SnapshotBefore(pid_t pid, int signal) {
  if (signal != SIGTERM && signal != SIGINT && signal != SIGHUP) return;
  absl::StatusOr<TracedProcess> process = TracedProcess::TryFind(
      pid, PageAccess::kReadWrite, absl::StrCat("snapshot of ", pid));
  if (!process.ok()) return;  // not traced: said at the start
  ProcessRequest request;
  request.command = HL_COMMAND_SNAPSHOT;
  request.label = absl::StrCat("before SIG", sigabbrev_np(signal));
  request.patience = absl::Seconds(3);
  const absl::StatusOr<std::string> file = process->TryRequest(request);
  if (!file.ok()) Say(file.status().message());
}

absl::StatusOr<int> Run(const RunArguments& arguments) {
  if (!arguments.gate.empty()) {
    return Problem(absl::StatusCode::kUnimplemented, "--gate",
                   "gates are not available in this version",
                   "run without it and look at the snapshots with `heapline "
                   "top` and `heapline diff`");
  }
  if (arguments.program.empty()) {
    return Problem(absl::StatusCode::kInvalidArgument, "starting a program",
                   "none is named",
                   "write heapline run [OPTIONS] -- PROGRAM ARGUMENTS");
  }
  absl::StatusOr<OptionList> options = ComposeOptions(arguments);
  if (!options.ok()) return options.status();
  const absl::StatusOr<std::string> shim = FindShim();
  if (!shim.ok()) return shim.status();
  SweepDeadPages();

  ProgramToRun program;
  program.arguments = arguments.program;
  program.before_signal = SnapshotBefore;
  const ProgramVerdict verdict =
      JudgeProgram(FindProgram(arguments.program[0]));
  if (verdict.preload != Preload::kWorks) {
    Say(absl::StrCat("cannot trace ", arguments.program[0], ": ",
                     verdict.reason, "; it runs untraced"));
  }
  if (verdict.preload != Preload::kHarmful) {
    program.environment = TracedEnvironment(*shim, *options);
  }

  const RunFiles files(*FindOption(*options, "out"));
  const absl::StatusOr<ProgramEnd> end = RunProgram(program);
  if (!end.ok()) return end.status();
  if (end->exec_error != 0) {
    Say(absl::StrCat("starting ", arguments.program[0], ": ",
                     strerror(end->exec_error), "; check the name and PATH"));
    return end->exec_error == ENOENT ? kExitNotFound : kExitCannotExecute;
  }
  if (verdict.preload == Preload::kWorks) {
    for (const std::string& line : files.Summary(end->pid)) Say(line);
  }
  if (WIFSIGNALED(end->wait_status)) EndBySignal(WTERMSIG(end->wait_status));
  return WEXITSTATUS(end->wait_status);
}

}  // namespace

CommandAction DeclareRun(CommandContext&, CLI::App& command) {
  const auto arguments = std::make_shared<RunArguments>();
  command
      .add_option("-o,--output", arguments->output,
                  "Directory for the snapshots, or a pattern with %e, %p, "
                  "%n (heapline-snapshots)")
      ->type_name("DIR");
  command
      .add_option("--interval", arguments->interval,
                  "A snapshot every T: 500ms, 30s, 5m")
      ->type_name("T");
  command
      .add_option("--sample", arguments->sample,
                  "Poisson sampling with mean N bytes, e.g. 512K")
      ->type_name("N");
  command
      .add_option("--set", arguments->settings,
                  "Any option of HEAPLINE_OPTIONS; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command
      .add_option("--gate", arguments->gate,
                  "Rules to judge the snapshots by (not in this version)")
      ->type_name("RULES");
  command.add_option("PROGRAM", arguments->program,
                     "The program and its arguments, after --");
  command.positionals_at_end();
  return [arguments] { return Run(*arguments); };
}

}  // namespace heapline

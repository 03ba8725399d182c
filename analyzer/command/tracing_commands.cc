// heapline start, stop, reset-peak: small requests to a traced process.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "analyzer/command/commands.h"
#include "analyzer/command/control_files.h"
#include "analyzer/command/process_control.h"

namespace heapline {
namespace {

CommandAction DeclareRequest(CLI::App& app, HlCommand command,
                             const char* name) {
  const auto pid = std::make_shared<int>(0);
  app.add_option("PID", *pid, "The process")
      ->required()
      ->check(CLI::PositiveNumber);
  return [pid, command, name]() -> absl::StatusOr<int> {
    SweepDeadPages();
    absl::StatusOr<TracedProcess> process = TracedProcess::TryFind(
        *pid, PageAccess::kReadWrite, absl::StrCat(name, " of ", *pid));
    if (!process.ok()) return process.status();
    ProcessRequest request;
    request.command = command;
    const absl::StatusOr<std::string> reply = process->TryRequest(request);
    if (!reply.ok()) return reply.status();
    return kExitDone;
  };
}

}  // namespace

CommandAction DeclareStart(CommandContext&, CLI::App& command) {
  return DeclareRequest(command, HL_COMMAND_START, "start");
}

CommandAction DeclareStop(CommandContext&, CLI::App& command) {
  return DeclareRequest(command, HL_COMMAND_STOP, "stop");
}

CommandAction DeclareResetPeak(CommandContext&, CLI::App& command) {
  return DeclareRequest(command, HL_COMMAND_RESET_PEAK, "reset of the peak");
}

}  // namespace heapline

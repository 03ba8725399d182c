// heapline snapshot PID: a snapshot of a traced process, now.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/command/commands.h"
#include "analyzer/command/control_files.h"
#include "analyzer/command/move_file.h"
#include "analyzer/command/process_control.h"

namespace heapline {
namespace {

struct SnapshotArguments {
  int pid = 0;
  std::string output;
  std::string label;
  bool no_graph = false;
};

absl::StatusOr<int> RunSnapshot(const SnapshotArguments& arguments) {
  const std::string doing = absl::StrCat("snapshot of ", arguments.pid);
  if (arguments.label.size() > HL_MAX_LABEL_BYTES) {
    return Problem(
        absl::StatusCode::kInvalidArgument, doing,
        absl::StrCat("the label has ", arguments.label.size(), " bytes"),
        absl::StrCat("shorten it to ", HL_MAX_LABEL_BYTES));
  }
  SweepDeadPages();
  absl::StatusOr<TracedProcess> process =
      TracedProcess::TryFind(arguments.pid, PageAccess::kReadWrite, doing);
  if (!process.ok()) return process.status();
  ProcessRequest request;
  request.command = HL_COMMAND_SNAPSHOT;
  request.label = arguments.label;
  if (arguments.no_graph) request.flags |= HL_REQUEST_NO_GRAPH;
  absl::StatusOr<std::string> file = process->TryRequest(request);
  if (file.ok() && !arguments.output.empty()) {
    file = TryMoveSnapshot(*file, process->owner(), arguments.output);
  }
  if (!file.ok()) return file.status();
  // As it is for a script; harmless on a terminal.
  const std::string shown =
      isatty(STDOUT_FILENO) != 0 ? SafeText(*file) : *file;
  std::printf("%s\n", shown.c_str());
  return kExitDone;
}

}  // namespace

CommandAction DeclareSnapshot(CommandContext&, CLI::App& command) {
  const auto arguments = std::make_shared<SnapshotArguments>();
  command.add_option("PID", arguments->pid, "The process")
      ->required()
      ->check(CLI::PositiveNumber);
  command
      .add_option("-o,--output", arguments->output,
                  "Move the snapshot to FILE (or into that directory)")
      ->type_name("FILE");
  command
      .add_option("--label", arguments->label,
                  "Text that stands in the snapshot's header")
      ->type_name("TEXT");
  command.add_flag("--no-graph", arguments->no_graph,
                   "Leave the object graph out: faster, smaller");
  return [arguments] { return RunSnapshot(*arguments); };
}

}  // namespace heapline

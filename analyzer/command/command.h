// command.h: what a command of `heapline` is: one row of a table. The rows
// stand in commands.cc (reports get theirs from report/reports.cc); the
// command line, --help, "did you mean", shell completions and man pages all
// come from them. A new command = one file with a Declare function + one row.
//
// Invariant: a command writes its result to stdout, talk to stderr, and
// returns 0 done, 1 found something, 2 could not (one line on stderr).
// Not thread-safe: the command line is parsed and run on one thread.
#ifndef HEAPLINE_ANALYZER_COMMAND_COMMAND_H_
#define HEAPLINE_ANALYZER_COMMAND_COMMAND_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace CLI {
class App;
}

namespace heapline {

enum ExitStatus { kExitDone = 0, kExitFound = 1, kExitCannot = 2 };

enum class ColorMode { kAuto, kAlways, kNever };

// What every command may ask of the command line as a whole. Outlives every
// action.
struct CommandContext {
  std::string program_path;  // argv[0] as given
  ColorMode color = ColorMode::kAuto;
};

// Runs the command after parsing. A status that is not OK is printed as
// "heapline NAME: MESSAGE" and ends in exit status 2; its message has three
// parts: what was being done, what was found, what to do. An action that has
// said all itself returns its exit status.
using CommandAction = std::function<absl::StatusOr<int>()>;

struct CommandRow {
  const char* name;     // "top"
  const char* group;    // heading in --help: kProcessGroup, …
  const char* summary;  // one line, no full stop
  // Adds options and positionals to `command` (CLI11), keeping what they are
  // stored in alive in the action it returns (a shared_ptr captured by it).
  std::function<CommandAction(CommandContext& context, CLI::App& command)>
      declare;
};

inline constexpr const char* kProcessGroup = "Tracing";
inline constexpr const char* kReportGroup = "Reports";
inline constexpr const char* kFileGroup = "Snapshot files";
inline constexpr const char* kLearningGroup = "Learning";

// THE TABLE, in the order of --help.
const std::vector<CommandRow>& CommandTable();

// The whole program: parses, runs one command, returns the exit status.
int RunCommandLine(int argc, char** argv);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_COMMAND_H_

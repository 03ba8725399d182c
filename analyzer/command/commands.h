// commands.h: one line a command that is not a report: its Declare function,
// defined in its own file. Only commands.cc includes this. Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_COMMANDS_H_
#define HEAPLINE_ANALYZER_COMMAND_COMMANDS_H_

#include "analyzer/command/command.h"

namespace heapline {

// Example, for a file snapshot_command.cc:
//   CommandAction DeclareSnapshot(CommandContext& context, CLI::App& command);

CommandAction DeclarePack(CommandContext& context, CLI::App& command);
CommandAction DeclareExport(CommandContext& context, CLI::App& command);

CommandAction DeclareDemo(CommandContext& context, CLI::App& command);

CommandAction DeclareRun(CommandContext& context, CLI::App& command);
CommandAction DeclareSnapshot(CommandContext& context, CLI::App& command);
CommandAction DeclareStart(CommandContext& context, CLI::App& command);
CommandAction DeclareStop(CommandContext& context, CLI::App& command);
CommandAction DeclareStatus(CommandContext& context, CLI::App& command);
CommandAction DeclareResetPeak(CommandContext& context, CLI::App& command);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_COMMANDS_H_

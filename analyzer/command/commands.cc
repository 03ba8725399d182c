#include "analyzer/command/commands.h"

#include <vector>

#include "analyzer/command/command.h"
#include "analyzer/command/report_command.h"
#include "analyzer/report/reports.h"

namespace heapline {

namespace {

const std::vector<CommandRow>* MakeTable() {
  auto* const table = new std::vector<CommandRow>{
      // {name, group, summary, declare}
      {"run", kProcessGroup, "Start a program traced; end as it ends",
       DeclareRun},
      {"snapshot", kProcessGroup, "Cut a snapshot of a traced process now",
       DeclareSnapshot},
      {"start", kProcessGroup, "Turn the tracing of a process on",
       DeclareStart},
      {"stop", kProcessGroup, "Turn the tracing of a process off", DeclareStop},
      {"status", kProcessGroup, "Show a traced process's current and peak heap",
       DeclareStatus},
      {"reset-peak", kProcessGroup,
       "Let the peak of a process begin anew from now", DeclareResetPeak},
  };
  for (const ReportRow& row : ReportTable()) {
    table->push_back(ReportCommand(row));
  }
  const std::vector<CommandRow> file_commands = {
      {"pack", kFileGroup, "Compress snapshots in place", DeclarePack},
      {"export", kFileGroup, "Write a snapshot in another form", DeclareExport},
  };
  table->insert(table->end(), file_commands.begin(), file_commands.end());
  table->push_back({"demo", kLearningGroup,
                    "Show what reports say of a program that knows the truth",
                    DeclareDemo});
  return table;
}

}  // namespace

const std::vector<CommandRow>& CommandTable() {
  static const auto* const table = MakeTable();
  return *table;
}

}  // namespace heapline

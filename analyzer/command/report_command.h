// report_command.h: turns a row of the report table into a command: options,
// reading, rendering, writing. Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_REPORT_COMMAND_H_
#define HEAPLINE_ANALYZER_COMMAND_REPORT_COMMAND_H_

#include "analyzer/command/command.h"
#include "analyzer/report/reports.h"

namespace heapline {

// `row` must outlive the command.
CommandRow ReportCommand(const ReportRow& row);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_REPORT_COMMAND_H_

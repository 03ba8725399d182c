// report_command.h: turns a row of the report table into a command: options,
// reading, rendering, writing. Stateless.
#ifndef HEAPLINE_ANALYZER_COMMAND_REPORT_COMMAND_H_
#define HEAPLINE_ANALYZER_COMMAND_REPORT_COMMAND_H_

#include <string>

#include "absl/status/status.h"
#include "analyzer/base/output_file.h"
#include "analyzer/command/command.h"
#include "analyzer/report/document.h"
#include "analyzer/report/reports.h"

namespace heapline {

// `row` must outlive the command.
CommandRow ReportCommand(const ReportRow& row);

// Writes the document as text, json or dot, and its notes as talk of `command`.
absl::Status ShowDocument(const Document& document, const char* command,
                          const std::string& format, ColorMode color,
                          OutputFile* output);

}  // namespace heapline

#endif  // HEAPLINE_ANALYZER_COMMAND_REPORT_COMMAND_H_

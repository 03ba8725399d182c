#include "analyzer/command/report_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "analyzer/base/output_file.h"
#include "analyzer/base/text.h"
#include "analyzer/command/report_options.h"
#include "analyzer/report/dot_renderer.h"
#include "analyzer/report/json_renderer.h"
#include "analyzer/report/text_renderer.h"

namespace heapline {
namespace {

Colors ColorsFor(ColorMode mode, const OutputFile& output) {
  if (mode == ColorMode::kAlways) return Colors::kOn;
  if (mode == ColorMode::kNever) return Colors::kOff;
  const char* const terminal = std::getenv("TERM");
  const bool can_color = std::getenv("NO_COLOR") == nullptr &&
                         terminal != nullptr && std::string(terminal) != "dumb";
  return output.is_standard_output() && can_color && isatty(STDOUT_FILENO) == 1
             ? Colors::kOn
             : Colors::kOff;
}

absl::StatusOr<int> RunReport(const ReportRow& row,
                              const ReportOptionValues& values,
                              const CommandContext& context) {
  const absl::StatusOr<ReportRequest> request = RequestOf(values);
  if (!request.ok()) return request.status();
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is no error
  absl::StatusOr<OutputFile> output =
      OutputFile::TryCreate(values.output, OutputFile::kOrdinaryMode);
  if (!output.ok()) return output.status();
  const absl::StatusOr<Document> document = row.make(*request);
  if (!document.ok()) return document.status();
  const absl::Status status =
      ShowDocument(*document, row.name, values.format, context.color, &*output);
  if (!status.ok()) return status;
  return document->verdict == Verdict::kFound ? kExitFound : kExitDone;
}

}  // namespace

absl::Status ShowDocument(const Document& document, const char* command,
                          const std::string& format, ColorMode color,
                          OutputFile* output) {
  for (const std::string& note : document.notes) {
    std::fprintf(stderr, "heapline %s: %s\n", command, SafeText(note).c_str());
  }
  const absl::Status status = output->TryWrite(
      format == "json"  ? RenderJson(document)
      : format == "dot" ? RenderDot(document)
                        : RenderText(document, ColorsFor(color, *output)));
  return status.ok() ? output->TryCommit() : status;
}

CommandRow ReportCommand(const ReportRow& row) {
  return {row.name, kReportGroup, row.summary,
          [&row](CommandContext& context, CLI::App& command) {
            auto values = std::make_shared<ReportOptionValues>();
            AddReportOptions(row, values.get(), &command);
            command.footer(row.details);
            return [&row, values, &context]() {
              return RunReport(row, *values, context);
            };
          }};
}

}  // namespace heapline

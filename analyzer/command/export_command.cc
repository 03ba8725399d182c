// heapline export FILE --to FORMAT: a snapshot in another form.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/base/edit_distance.h"
#include "analyzer/base/output_file.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/command/commands.h"
#include "analyzer/export/exporters.h"

namespace heapline {
namespace {

struct ExportArguments {
  ExportRequest request;
  std::string format;
  std::string output = "-";
};

std::string FormatHelp() {
  std::string help = "What to write: ";
  for (const Exporter& row : Exporters()) {
    const bool is_first = &row == Exporters().data();
    absl::StrAppend(&help, is_first ? "" : "; ", row.name, " (", row.summary,
                    ")");
  }
  return help;
}

absl::Status UnknownFormat(const std::string& format) {
  std::vector<absl::string_view> names;
  std::string list;
  for (const Exporter& row : Exporters()) {
    absl::StrAppend(&list, names.empty() ? "" : ", ", row.name);
    names.push_back(row.name);
  }
  const std::string nearest = NearestWord(format, names);
  return Problem(absl::StatusCode::kInvalidArgument, "--to",
                 absl::StrCat("no format is called '", SafeText(format), "'"),
                 nearest.empty()
                     ? absl::StrCat("there are: ", list)
                     : absl::StrCat("did you mean '", nearest, "'?"));
}

absl::StatusOr<int> RunExport(const ExportArguments& arguments) {
  const Exporter* const exporter = FindExporter(arguments.format);
  if (exporter == nullptr) return UnknownFormat(arguments.format);
  absl::StatusOr<OutputFile> output =
      OutputFile::TryCreate(arguments.output, OutputFile::kPrivateMode);
  if (!output.ok()) return output.status();
  const absl::StatusOr<ExportResult> result = exporter->run(arguments.request);
  if (!result.ok()) return result.status();
  absl::Status status = output->TryWrite(result->bytes);
  if (status.ok()) status = output->TryCommit();
  if (!status.ok()) return status;
  for (const std::string& note : result->notes) {
    std::fprintf(stderr, "heapline export: %s\n", note.c_str());
  }
  return kExitDone;
}

}  // namespace

CommandAction DeclareExport(CommandContext& context, CLI::App& command) {
  (void)context;
  auto arguments = std::make_shared<ExportArguments>();
  command.add_option("FILE", arguments->request.files, "A snapshot")
      ->required();
  command.add_option("--to", arguments->format, FormatHelp())
      ->type_name("FORMAT")
      ->required();
  command
      .add_option("-o,--output", arguments->output,
                  "Where to write; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
  return [arguments]() { return RunExport(*arguments); };
}

}  // namespace heapline

// heapline status PID: what a traced process's control page shows. Reads the
// page and nothing else: the process does not notice.
#include <time.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "analyzer/base/text.h"
#include "analyzer/command/commands.h"
#include "analyzer/command/control_files.h"
#include "analyzer/command/process_control.h"
#include "analyzer/report/document.h"
#include "analyzer/report/json_renderer.h"
#include "analyzer/report/text_renderer.h"

namespace heapline {
namespace {

enum class StatusFormat { kText, kJson };

struct StatusArguments {
  int pid = 0;
  StatusFormat format = StatusFormat::kText;
};

const char* StateWord(uint64_t state) {
  switch (state) {
    case HL_STATE_STARTING:
      return "starting";
    case HL_STATE_TRACING:
      return "tracing";
    case HL_STATE_FORWARDING:
      return "stopped";
    default:
      return "ended";
  }
}

uint64_t AgeOf(uint64_t updated_ns) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const uint64_t now_ns = static_cast<uint64_t>(now.tv_sec) * 1000000000u +
                          static_cast<uint64_t>(now.tv_nsec);
  return now_ns > updated_ns ? now_ns - updated_ns : 0;
}

Line Plain(std::string text) { return {{std::move(text), Tone::kPlain}}; }

// One row, one column a figure.
Document StatusDocument(int pid, const HlControlPage& page) {
  Table table;
  Row row;
  const auto add = [&](const char* key, Unit unit, Cell cell) {
    const bool is_summed = unit == Unit::kBytes || unit == Unit::kCount;
    table.columns.push_back({key, unit, is_summed});
    table.total.push_back(is_summed ? cell : Cell(int64_t{0}));
    row.cells.push_back(std::move(cell));
  };
  const auto number = [&](const char* key, Unit unit, uint64_t value) {
    add(key, unit, static_cast<int64_t>(value));
  };
  const std::string program(page.program,
                            strnlen(page.program, sizeof page.program));
  const std::string version(
      page.shim_version, strnlen(page.shim_version, sizeof page.shim_version));
  const char* state = StateWord(page.state);
  const uint64_t age = AgeOf(page.updated_ns);
  number("pid", Unit::kNone, static_cast<uint64_t>(pid));
  add("program", Unit::kText, program);
  add("state", Unit::kText, std::string(state));
  number("live_bytes", Unit::kBytes, page.live_bytes);
  number("live_count", Unit::kCount, page.live_count);
  number("peak_bytes", Unit::kBytes, page.peak_bytes);
  number("peak_error_bytes", Unit::kBytes, page.peak_error_bytes);
  number("total_bytes", Unit::kBytes, page.total_bytes);
  number("total_count", Unit::kCount, page.total_count);
  number("tracer_bytes", Unit::kBytes, page.tracer_bytes);
  number("threads", Unit::kCount, page.threads);
  number("nodes", Unit::kCount, page.nodes);
  number("snapshots", Unit::kCount, page.snapshots);
  number("lost_snapshots", Unit::kCount, page.lost_snapshots);
  number("dropped_blocks", Unit::kCount, page.dropped_blocks);
  number("last_pause_us", Unit::kMicroseconds, page.last_pause_us);
  number("age_us", Unit::kMicroseconds, age / 1000);
  add("heapline_version", Unit::kText, version);

  row.lines = {
      Plain(absl::StrCat(program, " (pid ", pid, "): ", state, ", heapline ",
                         version)),
      Plain(absl::StrCat("  current    ", HumanBytes(page.live_bytes), " in ",
                         Counted(page.live_count, "block"))),
      Plain(absl::StrCat("  peak       ", HumanBytes(page.peak_bytes),
                         ", low by at most ",
                         HumanBytes(page.peak_error_bytes))),
      Plain(absl::StrCat("  allocated  ", HumanBytes(page.total_bytes), " in ",
                         Counted(page.total_count, "block"),
                         " since the start")),
      Plain(absl::StrCat("  snapshots  ", page.snapshots, " written, ",
                         page.lost_snapshots, " lost, last pause ",
                         HumanDuration(page.last_pause_us * 1000))),
      Plain(absl::StrCat("  own cost   ", HumanBytes(page.tracer_bytes), ", ",
                         Counted(page.threads, "thread"), " seen, ",
                         Counted(page.nodes, "call-tree node"), ", ",
                         Counted(page.dropped_blocks, "block"),
                         " not recorded")),
      Plain(absl::StrCat("  as of      ", HumanDuration(age), " ago")),
  };
  table.rows.push_back(std::move(row));
  Document document;
  document.name = "heapline.status";
  document.body = std::move(table);
  return document;
}

absl::StatusOr<int> RunStatus(const StatusArguments& arguments,
                              ColorMode color) {
  absl::StatusOr<TracedProcess> process =
      TracedProcess::TryFind(arguments.pid, PageAccess::kRead,
                             absl::StrCat("status of ", arguments.pid));
  if (!process.ok()) return process.status();
  const Document document = StatusDocument(arguments.pid, process->ReadPage());
  const std::string text =
      arguments.format == StatusFormat::kJson
          ? RenderJson(document)
          : RenderText(document, color == ColorMode::kAlways ? Colors::kOn
                                                             : Colors::kOff);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitDone;
}

}  // namespace

CommandAction DeclareStatus(CommandContext& context, CLI::App& command) {
  const auto arguments = std::make_shared<StatusArguments>();
  command.add_option("PID", arguments->pid, "The process")
      ->required()
      ->check(CLI::PositiveNumber);
  command.add_option("--format", arguments->format, "text or json")
      ->type_name("FORMAT")
      ->transform(CLI::CheckedTransformer(std::map<std::string, StatusFormat>{
          {"text", StatusFormat::kText}, {"json", StatusFormat::kJson}}));
  CommandContext* shared = &context;
  return [arguments, shared] { return RunStatus(*arguments, shared->color); };
}

}  // namespace heapline

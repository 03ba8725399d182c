#include "analyzer/report/info_text.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "analyzer/base/text.h"

namespace heapline {
namespace {

struct IncompleteReason {
  uint64_t bit;
  const char* phrase;
};

constexpr IncompleteReason kIncompleteReasons[] = {
    {HL_INCOMPLETE_SAMPLING, "allocations were sampled"},
    {HL_INCOMPLETE_LATE_START, "tracing began after the program did"},
    {HL_INCOMPLETE_STOPPED, "tracing was stopped for a while"},
    {HL_INCOMPLETE_DROPPED, "blocks were dropped for want of room"},
    {HL_INCOMPLETE_THREADS, "a thread was not stopped"},
    {HL_INCOMPLETE_FOREIGN_MALLOC, "another malloc came before the tracer's"},
};

class LineList {
 public:
  explicit LineList(const Snapshot& snapshot) : snapshot_(snapshot) {}

  void Add(absl::string_view name, std::string value) {
    if (value.empty()) return;
    lines_.push_back(
        {{absl::StrFormat("%-14s", absl::StrCat(name, ":")), Tone::kKey},
         {std::move(value)}});
  }
  void AddText(absl::string_view name, PropertyId id) {
    Add(name, TextOf(snapshot_, id));
  }
  std::vector<Line> Take() { return std::move(lines_); }

 private:
  const Snapshot& snapshot_;
  std::vector<Line> lines_;
};

std::string BytesInBlocks(uint64_t bytes, uint64_t count) {
  return absl::StrCat(HumanBytes(bytes), " (", bytes, " bytes) in ",
                      Counted(count, "block"));
}

std::string Peak(const Snapshot& snapshot) {
  const uint64_t bytes = NumberOf(snapshot, PropertyId::peak_bytes);
  const uint64_t error = NumberOf(snapshot, PropertyId::peak_error_bytes);
  if (bytes == 0) return "";
  std::string text = absl::StrCat(HumanBytes(bytes), " (", bytes, " bytes");
  if (error > 0) absl::StrAppend(&text, ", may be low by at most ", error);
  return text + ")";
}

std::string CutTime(const Snapshot& snapshot) {
  const uint64_t cut_ns = NumberOf(snapshot, PropertyId::cut_time_ns);
  if (cut_ns == 0) return "";
  const absl::Time cut =
      absl::FromUnixNanos(static_cast<int64_t>(cut_ns & INT64_MAX));
  return absl::StrCat(
      absl::FormatTime("%Y-%m-%d %H:%M:%E3S UTC", cut, absl::UTCTimeZone()),
      ", ", HumanDuration(NumberOf(snapshot, PropertyId::uptime_ns)),
      " after the start");
}

std::string Process(const Snapshot& snapshot) {
  return absl::StrCat(NumberOf(snapshot, PropertyId::pid), " (parent ",
                      NumberOf(snapshot, PropertyId::parent_pid), ")");
}

std::string Threads(const Snapshot& snapshot) {
  const uint64_t missed = NumberOf(snapshot, PropertyId::threads_not_stopped);
  std::string text = absl::StrCat(NumberOf(snapshot, PropertyId::threads));
  if (missed > 0) absl::StrAppend(&text, ", ", missed, " not stopped in time");
  return text;
}

std::string Modules(const Snapshot& snapshot) {
  size_t unloaded = 0;
  for (const Module& module : snapshot.modules) {
    if ((module.flags & HL_MODULE_UNLOADED) != 0) ++unloaded;
  }
  std::string text = absl::StrCat(snapshot.modules.size());
  if (unloaded > 0) absl::StrAppend(&text, ", ", unloaded, " unloaded");
  return text;
}

// Nothing where the snapshot has no graph.
std::string ObjectGraphText(const Snapshot& snapshot) {
  if (NumberOf(snapshot, PropertyId::graph) == 0) return "";
  std::string text = absl::StrCat(Counted(snapshot.roots.size(), "root"), ", ",
                                  Counted(EdgeCount(snapshot.edges), "edge"));
  const uint64_t weak = EdgeCount(snapshot.weak_edges);
  if (weak > 0) absl::StrAppend(&text, ", ", Counted(weak, "weak edge"));
  if (IsExact(snapshot)) {
    absl::StrAppend(&text, "; exact: written by the program itself");
  }
  const uint64_t unreadable = NumberOf(snapshot, PropertyId::unreadable_bytes);
  if (unreadable > 0) {
    absl::StrAppend(&text, "; ", HumanBytes(unreadable),
                    " could not be searched");
  }
  return text;
}

std::string Pause(const Snapshot& snapshot) {
  if (NumberOf(snapshot, PropertyId::pause_us) == 0) return "";
  const auto microseconds = [&snapshot](PropertyId id) {
    return HumanDuration(NumberOf(snapshot, id) * 1000);
  };
  std::string text = microseconds(PropertyId::pause_us);
  if (NumberOf(snapshot, PropertyId::in_process) != 0) {
    return absl::StrCat(text, ", written while stopped (clone was refused)");
  }
  return absl::StrCat(text, "; written in ", microseconds(PropertyId::child_us),
                      " by a copy");
}

std::string Missing(const Snapshot& snapshot) {
  std::vector<std::string> parts;
  const auto add = [&](PropertyId id, absl::string_view what) {
    const uint64_t count = NumberOf(snapshot, id);
    if (count > 0) parts.push_back(absl::StrCat(Counted(count, what)));
  };
  add(PropertyId::dropped_blocks, "dropped block");
  add(PropertyId::truncated_stacks, "truncated stack");
  add(PropertyId::foreign_frees, "free of an unknown block");
  add(PropertyId::lost_snapshots, "earlier snapshot lost");
  return parts.empty() ? "nothing dropped" : absl::StrJoin(parts, ", ");
}

std::string Check(const Snapshot& snapshot) {
  const uint64_t stacks = NumberOf(snapshot, PropertyId::check_stacks);
  if (stacks == 0) return "";
  return absl::StrFormat(
      "%d stacks compared with libunwind's: %d wrong, %d shorter, %d longer, "
      "%d guessed",
      stacks, NumberOf(snapshot, PropertyId::check_wrong),
      NumberOf(snapshot, PropertyId::check_shorter),
      NumberOf(snapshot, PropertyId::check_longer),
      NumberOf(snapshot, PropertyId::check_guessed));
}

std::string Tracer(const Snapshot& snapshot) {
  const std::string& version = TextOf(snapshot, PropertyId::heapline_version);
  const uint64_t bytes = NumberOf(snapshot, PropertyId::tracer_bytes);
  if (version.empty() && bytes == 0) return "";
  return absl::StrCat("heapline ", version.empty() ? "?" : version, ", ",
                      HumanBytes(bytes), " of its own memory");
}

void AddProcess(const Snapshot& snapshot, LineList* lines) {
  const std::string& executable = TextOf(snapshot, PropertyId::executable);
  std::string program = TextOf(snapshot, PropertyId::program);
  if (!executable.empty()) absl::StrAppend(&program, " (", executable, ")");
  lines->Add("program", program);
  lines->AddText("command line", PropertyId::command_line);
  lines->Add("pid", Process(snapshot));
  lines->AddText("host", PropertyId::host);
}

void AddCut(const Snapshot& snapshot, LineList* lines) {
  lines->Add("snapshot",
             absl::StrCat(NumberOf(snapshot, PropertyId::sequence)));
  lines->AddText("reason", PropertyId::reason);
  lines->AddText("signal", PropertyId::pending_signal);
  lines->AddText("label", PropertyId::label);
  lines->Add("time", CutTime(snapshot));
  lines->Add("pause", Pause(snapshot));
}

void AddTotals(const Snapshot& snapshot, LineList* lines) {
  const auto number = [&snapshot](PropertyId id) {
    return NumberOf(snapshot, id);
  };
  lines->Add("live", BytesInBlocks(number(PropertyId::live_bytes),
                                   number(PropertyId::live_count)));
  lines->Add("peak", Peak(snapshot));
  lines->Add("ever",
             absl::StrCat(BytesInBlocks(number(PropertyId::total_bytes),
                                        number(PropertyId::total_count)),
                          ", ", number(PropertyId::temporary_count),
                          " of them temporary"));
  if (number(PropertyId::container_count) > 0) {
    lines->Add("pools", BytesInBlocks(number(PropertyId::container_bytes),
                                      number(PropertyId::container_count)));
  }
  if (number(PropertyId::mapped_count) > 0) {
    lines->Add(
        "mapped",
        absl::StrCat(HumanBytes(number(PropertyId::mapped_bytes)), " in ",
                     Counted(number(PropertyId::mapped_count), "region")));
  }
}

}  // namespace

bool IsComplete(const Snapshot& snapshot) {
  return NumberOf(snapshot, PropertyId::complete) != 0 && snapshot.is_whole();
}

std::vector<std::string> IncompleteReasons(const Snapshot& snapshot) {
  std::vector<std::string> phrases;
  const uint64_t bits = NumberOf(snapshot, PropertyId::incomplete_reasons);
  for (const IncompleteReason& reason : kIncompleteReasons) {
    if ((bits & reason.bit) != 0) phrases.push_back(reason.phrase);
  }
  if (!snapshot.is_whole()) {
    phrases.push_back("the file is damaged");
  }
  if (phrases.empty() && !IsComplete(snapshot)) {
    phrases.push_back("the file does not say that it is");
  }
  return phrases;
}

std::vector<Line> InfoLines(const Snapshot& snapshot) {
  LineList lines(snapshot);
  lines.Add("file", snapshot.file);
  AddProcess(snapshot, &lines);
  AddCut(snapshot, &lines);
  AddTotals(snapshot, &lines);
  lines.Add("threads", Threads(snapshot));
  lines.Add("modules", Modules(snapshot));
  lines.Add("graph", ObjectGraphText(snapshot));
  lines.Add("complete",
            IsComplete(snapshot)
                ? "yes"
                : absl::StrCat("no: ", absl::StrJoin(
                                           IncompleteReasons(snapshot), "; ")));
  const uint64_t sample = NumberOf(snapshot, PropertyId::sample_mean_bytes);
  if (sample > 0) {
    lines.Add("sampled", absl::StrCat("with a mean of ", HumanBytes(sample)));
  }
  lines.Add("missing", Missing(snapshot));
  lines.Add("check", Check(snapshot));
  lines.AddText("allocator", PropertyId::allocator);
  lines.Add("tracer", Tracer(snapshot));
  lines.AddText("options", PropertyId::options);
  for (const std::string& damage : snapshot.damage) {
    lines.Add("damage", damage);
  }
  return lines.Take();
}

}  // namespace heapline

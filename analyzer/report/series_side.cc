#include "analyzer/report/series_side.h"

#include <sys/stat.h>

#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/analysis/node_amounts.h"
#include "analyzer/analysis/trend_series.h"
#include "analyzer/base/progress.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/snapshot_reader.h"
#include "analyzer/snapshot/snapshot_set.h"

namespace heapline {
namespace {

bool IsDirectory(const std::string& path) {
  struct stat facts;
  return stat(path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
}

absl::Status Mismatch(const Snapshot& older, const Snapshot& newer,
                      absl::string_view found, absl::string_view remedy) {
  return Problem(absl::StatusCode::kFailedPrecondition, "following a series",
                 absl::StrCat(SafeText(older.file), " and ",
                              SafeText(newer.file), " ", found),
                 remedy);
}

std::string ProgramOf(const Snapshot& snapshot) {
  return SafeText(TextOf(snapshot, PropertyId::program));
}

std::string HowTraced(const Snapshot& snapshot) {
  const uint64_t mean = NumberOf(snapshot, PropertyId::sample_mean_bytes);
  return mean == 0 ? "exact" : absl::StrCat("sample=", mean);
}

// By what the files say of themselves.
absl::Status CheckNeighbours(const Snapshot& older, const Snapshot& newer) {
  if (TextOf(older, PropertyId::program) !=
      TextOf(newer, PropertyId::program)) {
    return Mismatch(older, newer,
                    absl::StrCat("are of different programs, ",
                                 ProgramOf(older), " and ", ProgramOf(newer)),
                    "give the snapshots of one program");
  }
  if (HowTraced(older) != HowTraced(newer)) {
    return Mismatch(older, newer,
                    absl::StrCat("were traced differently, ", HowTraced(older),
                                 " and ", HowTraced(newer)),
                    "give snapshots that were traced with the same sample=");
  }
  if (NumberOf(newer, PropertyId::cut_time_ns) <
      NumberOf(older, PropertyId::cut_time_ns)) {
    return Mismatch(older, newer, "are out of order: the second is the older",
                    "give them in the order in which they were cut, or their "
                    "directory");
  }
  return absl::OkStatus();
}

// Before any is read as a whole: what does not belong together is told at once.
absl::Status CheckSeries(const std::vector<std::string>& files) {
  Snapshot before;
  for (const std::string& file : files) {
    absl::StatusOr<Snapshot> facts = TryReadProperties(file);
    if (!facts.ok()) return facts.status();
    if (!before.file.empty()) {
      const absl::Status status = CheckNeighbours(before, *facts);
      if (!status.ok()) return status;
    }
    before = *std::move(facts);
  }
  return absl::OkStatus();
}

// "" where the file does not tell.
std::string BuildIdOf(const Snapshot& snapshot) {
  const std::string& executable = TextOf(snapshot, PropertyId::executable);
  for (const Module& module : snapshot.modules) {
    if (module.path == executable) return module.build_id;
  }
  return "";
}

SeriesCut CutOf(const Snapshot& snapshot) {
  SeriesCut cut;
  cut.time_ns = NumberOf(snapshot, PropertyId::cut_time_ns);
  cut.round = NumberOf(snapshot, PropertyId::round);
  const Amounts totals = ProcessTotals(snapshot);
  cut.live_bytes = totals.live_bytes;
  cut.live_count = totals.live_count;
  for (const Mapping& mapping : snapshot.mappings) {
    cut.rss_bytes += static_cast<int64_t>(mapping.rss_bytes);
  }
  return cut;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FilesOfSeries(
    const std::vector<std::string>& arguments, size_t least,
    const std::string& doing) {
  std::vector<std::string> files = arguments;
  if (arguments.size() == 1 && IsDirectory(arguments[0])) {
    absl::StatusOr<std::vector<SnapshotFile>> listed =
        TryListSnapshots(arguments[0]);
    if (!listed.ok()) return listed.status();
    std::vector<ProcessSnapshots> long_enough;
    for (ProcessSnapshots& process : ByProcess(*std::move(listed))) {
      if (process.files.size() < least) continue;
      long_enough.push_back(std::move(process));
    }
    if (long_enough.size() > 1) {
      std::vector<std::string> names;
      for (const ProcessSnapshots& process : long_enough) {
        names.push_back(absl::StrCat(SafeText(process.program), " (pid ",
                                     process.pid, ")"));
      }
      return Problem(
          absl::StatusCode::kFailedPrecondition, doing,
          absl::StrCat(SafeText(arguments[0]), " has series of ", names.size(),
                       " processes: ", absl::StrJoin(names, ", ")),
          "give the files of one, as DIR/PROGRAM.PID.*.hl");
    }
    files.clear();
    if (!long_enough.empty()) {
      for (const SnapshotFile& file : long_enough[0].files) {
        files.push_back(file.path);
      }
    }
  }
  if (files.size() >= least) return files;
  return Problem(absl::StatusCode::kFailedPrecondition, doing,
                 absl::StrCat("no series of ", least, " snapshots or more"),
                 "cut more, as with heapline run --interval, or compare two "
                 "with heapline diff");
}

absl::Status ReadSeries(const std::vector<std::string>& files,
                        const ReportRequest& request, Symbolizer* symbolizer,
                        CallStacks* stacks, SeriesSide* side) {
  absl::Status status = CheckSeries(files);
  if (!status.ok()) return status;
  side->series = HeapSeries(AgesToCount(files.size()));
  Progress progress("reading snapshots", files.size());
  std::string build_id;
  // The next is decoded while one is counted.
  std::future<absl::StatusOr<Snapshot>> reading =
      std::async(std::launch::async, TryReadSnapshot, files[0]);
  for (size_t i = 0; i < files.size(); ++i) {
    absl::StatusOr<Snapshot> snapshot = reading.get();
    if (i + 1 < files.size()) {
      reading = std::async(std::launch::async, TryReadSnapshot, files[i + 1]);
    }
    if (!snapshot.ok()) return snapshot.status();
    const std::string own_build_id = BuildIdOf(*snapshot);
    if (i > 0 && own_build_id != build_id) {
      return Problem(
          absl::StatusCode::kFailedPrecondition, "following a series",
          absl::StrCat(SafeText(files[i - 1]), " and ", SafeText(files[i]),
                       " are of different builds of ", ProgramOf(*snapshot)),
          "give the snapshots of one build");
    }
    build_id = own_build_id;
    HeapSide one;
    std::vector<StackId> stack_of_node =
        AddRead(*snapshot, request, stacks, &one);
    side->cuts.push_back(CutOf(*snapshot));
    side->snapshots.push_back(one.snapshots[0]);
    for (std::string& note : one.notes) side->notes.push_back(std::move(note));
    side->series.Add(*snapshot, one.heap, stack_of_node);
    progress.Show(i + 1);
    if (i == 0) side->first = KnownBlocksOf(*std::move(snapshot));
    if (i + 1 < files.size()) continue;
    side->newest = std::move(one);
    if (!HasGraph(*snapshot)) return absl::OkStatus();
    absl::StatusOr<std::unique_ptr<GraphSide>> last =
        GraphSide::TryMake(*std::move(snapshot), request, symbolizer, stacks,
                           std::move(stack_of_node));
    if (!last.ok()) return last.status();
    side->last = *std::move(last);
  }
  return absl::OkStatus();
}

}  // namespace heapline

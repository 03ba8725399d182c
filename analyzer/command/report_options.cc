#include "analyzer/command/report_options.h"

#include <CLI/CLI.hpp>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/analysis/suppressions.h"
#include "analyzer/command/path_map.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

constexpr char kFilterGroup[] = "Filters (globs on function, file, module)";
constexpr char kRowGroup[] = "Rows";
constexpr char kSymbolGroup[] = "Symbols";
constexpr char kGraphGroup[] = "Object graph";
constexpr size_t kRowsOfTree = 30;
constexpr uint32_t kMostDepth = 1000;
// In place of a file of edge rules. A file of that name is ./none.
constexpr char kNoShippedRules[] = "none";

CLI::IsMember OneOf(absl::Span<const ValueWord> words) {
  std::vector<std::string> names;
  for (const ValueWord& row : words) names.push_back(row.word);
  return CLI::IsMember(names);
}

// An option that may be given again and again, with one value each time.
void AddRepeated(const char* name, std::vector<std::string>* values,
                 const char* value_name, const char* help, const char* group,
                 CLI::App* command) {
  command->add_option(name, *values, help)
      ->type_name(value_name)
      ->expected(1)
      ->take_all()
      ->group(group);
}

void AddOutputOptions(const ReportRow& row, ReportOptionValues* values,
                      CLI::App* command) {
  std::vector<std::string> formats = {"text", "json"};
  if ((row.options & kViewOptions) != 0) formats.push_back("dot");
  command
      ->add_option("--format", values->format, absl::StrJoin(formats, " or "))
      ->type_name("FORMAT")
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
  command
      ->add_option("-o,--output", values->output,
                   "Write to FILE; - is standard output")
      ->type_name("FILE")
      ->capture_default_str();
}

void AddRowLimit(ReportOptionValues* values, CLI::App* command) {
  command
      ->add_option("-n,--rows", values->row_limit,
                   absl::StrCat("Show the first ROWS rows, 0: all; ",
                                values->rows_of_text,
                                " unless told, all for json. The rest is "
                                "summed in one line"))
      ->type_name("ROWS")
      ->check(CLI::NonNegativeNumber)
      ->group(kRowGroup);
}

void AddKeyOptions(ReportOptionValues* values, CLI::App* command) {
  command
      ->add_option("--by", values->key,
                   "What a row is: line, function, file, module, stack, type "
                   "or thread")
      ->type_name("KEY")
      ->check(CLI::IsMember(KeyNames()))
      ->capture_default_str()
      ->group(kRowGroup);
  command
      ->add_option("--attribute", values->attribute,
                   "Charge the site (outside allocator wrappers and system "
                   "headers) or the innermost frame")
      ->type_name("FRAME")
      ->check(CLI::IsMember({"site", "innermost"}))
      ->capture_default_str()
      ->group(kRowGroup);
}

void AddFilterOptions(ReportOptionValues* values, CLI::App* command) {
  command
      ->add_flag("--exact", values->is_exact,
                 "Print sizes to the byte in text, too")
      ->group(kRowGroup);
  AddRepeated("--include", &values->include, "GLOB", "Count only what matches",
              kFilterGroup, command);
  AddRepeated("--exclude", &values->exclude, "GLOB", "Leave out what matches",
              kFilterGroup, command);
}

void AddRowOptions(ReportOptionValues* values, CLI::App* command) {
  AddKeyOptions(values, command);
  command
      ->add_option("--sort", values->sort,
                   "Rank by live bytes, live count, total bytes ever "
                   "allocated, or temporary blocks")
      ->type_name("VALUE")
      ->check(CLI::IsMember({"bytes", "count", "total", "temporary"}))
      ->capture_default_str()
      ->group(kRowGroup);
  command
      ->add_flag("--cumulative", values->is_cumulative,
                 "Count a block on every row that its stack passes through")
      ->group(kRowGroup);
  AddFilterOptions(values, command);
}

void AddTrendOptions(ReportOptionValues* values, CLI::App* command) {
  command
      ->add_option("--confidence", values->confidence,
                   "Call something growing that does not grow in no more than "
                   "1 - P of all reports")
      ->type_name("P")
      ->check(CLI::Range(0.5, 0.999999))
      ->capture_default_str()
      ->group(kRowGroup);
}

void AddSymbolOptions(ReportOptionValues* values, CLI::App* command) {
  AddRepeated("--debug-dir", &values->debug_directories, "DIR",
              "Look here first for separate debug files", kSymbolGroup,
              command);
  command
      ->add_option("--sysroot", values->sysroot,
                   "Look for modules and debug files below DIR")
      ->type_name("DIR")
      ->group(kSymbolGroup);
  AddRepeated("--path-map", &values->path_map, "OLD=NEW",
              "Show source paths that begin with OLD with NEW instead",
              kSymbolGroup, command);
}

void AddGraphOptions(ReportOptionValues* values, CLI::App* command) {
  AddRepeated("--edge-rules", &values->edge_rules, "FILE",
              "Read from FILE which words are weak or count references, "
              "beside those that are shipped; none: without the shipped "
              "ones",
              kGraphGroup, command);
  command
      ->add_option("--ignore-roots", values->ignored_roots,
                   "Let these kinds of root hold nothing, with commas between: "
                   "global, tls, thread, region, register, stack, mapping, "
                   "untraced")
      ->type_name("KINDS")
      ->delimiter(',')
      ->check(OneOf(RootKindWords()))
      ->group(kGraphGroup);
}

void AddViewOptions(ReportOptionValues* values, CLI::App* command) {
  command
      ->add_option("--from", values->from,
                   "Show what X leads to: an address, a type, a site or a root")
      ->type_name("X")
      ->group(kGraphGroup);
  command
      ->add_option("--to", values->to,
                   "Show what leads to X: an address, a type or a site")
      ->type_name("X")
      ->group(kGraphGroup);
  command
      ->add_option("--depth", values->depth, "Go this many steps away from X")
      ->type_name("N")
      ->check(CLI::Range(1u, kMostDepth))
      ->capture_default_str()
      ->group(kGraphGroup);
}

void AddLeakOptions(ReportOptionValues* values, CLI::App* command) {
  command
      ->add_option("--kinds", values->kinds,
                   "Show these kinds, with commas between: direct, indirect, "
                   "possible, reachable; direct,indirect unless told")
      ->type_name("KINDS")
      ->delimiter(',')
      ->check(OneOf(LeakKindWords()))
      ->group(kGraphGroup);
  AddRepeated("--suppressions", &values->suppressions, "FILE",
              "Leave out what FILE names: leak:PATTERN lines, or "
              "memcheck's blocks",
              kGraphGroup, command);
}

void AddCycleOptions(ReportOptionValues* values, CLI::App* command) {
  command
      ->add_flag("--reachable", values->shows_reachable,
                 "Show cycles that roots reach, too, behind the others")
      ->group(kGraphGroup);
}

unsigned RootKindsByName(const std::vector<std::string>& names) {
  unsigned kinds = 0;
  for (const std::string& name : names) {
    kinds |= 1u << ValueOf(RootKindWords(), name).value_or(0);
  }
  return kinds;
}

unsigned LeakKindsByName(const std::vector<std::string>& names) {
  unsigned kinds = kNoLeakKind;
  for (const std::string& name : names) {
    kinds |= static_cast<unsigned>(
        ValueOf(LeakKindWords(), name).value_or(kNoLeakKind));
  }
  return kinds;
}

SortBy SortByName(const std::string& name) {
  if (name == "count") return SortBy::kCount;
  if (name == "total") return SortBy::kTotal;
  return name == "temporary" ? SortBy::kTemporary : SortBy::kBytes;
}

}  // namespace

void AddReportOptions(const ReportRow& row, ReportOptionValues* values,
                      CLI::App* command) {
  command
      ->add_option("FILE", values->files,
                   "Snapshot, or a directory of snapshots")
      ->type_name(row.files)
      ->required()
      ->expected(static_cast<int>(row.least_files),
                 static_cast<int>(row.most_files));
  if ((row.options & kViewOptions) != 0) values->rows_of_text = kRowsOfTree;
  AddOutputOptions(row, values, command);
  if ((row.options & (kHeapRowOptions | kGraphOptions)) != 0)
    AddRowLimit(values, command);
  if ((row.options & kHeapRowOptions) != 0) AddRowOptions(values, command);
  if ((row.options & kGraphOptions) != 0) AddGraphOptions(values, command);
  if ((row.options & kViewOptions) != 0) AddViewOptions(values, command);
  if ((row.options & kKeyOptions) != 0) AddKeyOptions(values, command);
  if ((row.options & kFilterOptions) != 0) AddFilterOptions(values, command);
  if ((row.options & kTrendOptions) != 0) AddTrendOptions(values, command);
  if ((row.options & kLeakOptions) != 0) AddLeakOptions(values, command);
  if ((row.options & kCycleOptions) != 0) AddCycleOptions(values, command);
  // A report that names functions charges them.
  if ((row.options & kSymbolOptions) != 0) {
    AddRepeated("--wrapper", &values->wrappers, "GLOB",
                "Never charge a frame whose function, file or module "
                "matches: an allocator of the program's own",
                kRowGroup, command);
    AddSymbolOptions(values, command);
  }
}

absl::StatusOr<ReportRequest> RequestOf(const ReportOptionValues& values) {
  ReportRequest request;
  request.files = values.files;
  const absl::StatusOr<Key> key = KeyByName(values.key);
  if (!key.ok()) return key.status();
  request.rows.key = *key;
  request.rows.sort = SortByName(values.sort);
  request.rows.attribution = values.attribute == "innermost"
                                 ? Attribution::kInnermost
                                 : Attribution::kSite;
  request.rows.counting =
      values.is_cumulative ? Counting::kCumulative : Counting::kExclusive;
  request.rows.filter.include = values.include;
  request.rows.filter.exclude = values.exclude;
  request.numbers = values.is_exact ? Numbers::kExact : Numbers::kRounded;
  const size_t rows_unless_told =
      values.format == "json" ? 0 : values.rows_of_text;
  request.row_limit = values.row_limit < 0
                          ? rows_unless_told
                          : static_cast<size_t>(values.row_limit);
  if (values.format == "text" && values.row_limit != 0) {
    request.idle_rows = IdleRows::kSum;
  }
  for (const std::string& file : values.edge_rules) {
    if (file == kNoShippedRules) {
      request.graph.shipped_rules = ShippedRules::kLeaveOut;
    } else {
      request.graph.edge_rules.push_back(file);
    }
  }
  request.graph.ignored_roots = RootKindsByName(values.ignored_roots);
  request.graph.leak_kinds = LeakKindsByName(values.kinds);
  request.graph.suppressions = values.suppressions;
  request.graph.cycles =
      values.shows_reachable ? CyclesShown::kAll : CyclesShown::kUnreachable;
  request.graph.view = {values.from, values.to, values.depth};
  request.confidence = values.confidence;
  request.wrappers = values.wrappers;
  request.symbols.debug_directories = values.debug_directories;
  request.symbols.sysroot = values.sysroot;
  const absl::Status status = ReadPathMap(values.path_map, &request.symbols);
  if (!status.ok()) return status;
  return request;
}

}  // namespace heapline

#include "analyzer/report/heap_table.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analyzer/base/text.h"
#include "analyzer/report/short_paths.h"

namespace heapline {
namespace {

std::vector<Column> Columns() {
  return {{"key", Unit::kText, false},
          {"live_bytes", Unit::kBytes, true},
          {"live_count", Unit::kCount, true},
          {"growth_bytes", Unit::kBytes, true},
          {"growth_count", Unit::kCount, true},
          {"total_bytes", Unit::kBytes, true},
          {"total_count", Unit::kCount, true},
          {"temporary_count", Unit::kCount, true}};
}

std::vector<FrameText> StackTexts(const CallStacks& stacks, StackId stack) {
  std::vector<FrameText> texts;
  for (const FrameId id : stacks.Frames(stack)) {
    const SourceFrame& source = stacks.Frame(id).source;
    texts.push_back({*source.function, *source.file, source.line,
                     *source.module, source.is_inlined});
  }
  return texts;
}

// Writes the rows of one table.
class RowWriter {
 public:
  RowWriter(const CallStacks& stacks, const ReportRequest& request,
            HeapTableKind kind, const ShortPaths& paths)
      : stacks_(stacks), request_(request), kind_(kind), paths_(paths) {}

  Row Write(const HeapRow& row) const {
    Row result;
    result.cells =
        Cells(row.key_stack == kEmptyStack ? row.key.Full()
                                           : StackText(stacks_, row.key_stack),
              row.newer, row.growth);
    result.stack = StackTexts(stacks_, row.heaviest_stack);
    if (row.key_stack == kEmptyStack) {
      result.lines = {Numbered(Shortened(row.key), row.newer, row.growth)};
      return result;
    }
    const StackFrame& site = stacks_.Frame(stacks_.Site(row.key_stack));
    result.lines = {Numbered(Shortened(LineText(site)), row.newer, row.growth)};
    for (const FrameId frame : stacks_.Frames(row.key_stack)) {
      const std::string text = Shortened(WrittenFrame(stacks_.Frame(frame)));
      result.lines.push_back({{absl::StrCat("    ", text), Tone::kFaint}});
    }
    return result;
  }

  std::vector<Cell> Cells(std::string key, const Amounts& newer,
                          const Amounts& growth) const {
    const bool has_growth = kind_ == HeapTableKind::kGrowth;
    return {std::move(key),
            newer.live_bytes,
            newer.live_count,
            has_growth ? growth.live_bytes : int64_t{0},
            has_growth ? growth.live_count : int64_t{0},
            newer.total_bytes,
            newer.total_count,
            newer.temporary_count};
  }

  // "name: size=10.0 MiB (+9.77 MiB), count=1024 (+1000), average=10.0 KiB"
  Line Numbered(const std::string& name, const Amounts& newer,
                const Amounts& growth) const {
    const bool has_growth = kind_ == HeapTableKind::kGrowth;
    const Tone tone = !has_growth || growth.live_bytes == 0 ? Tone::kPlain
                      : growth.live_bytes > 0               ? Tone::kGrew
                                                            : Tone::kShrank;
    std::string size = absl::StrCat("size=", Bytes(newer.live_bytes));
    std::string count = absl::StrCat("count=", newer.live_count);
    if (has_growth) {
      absl::StrAppend(&size, " (", SignedBytes(growth.live_bytes), ")");
      absl::StrAppend(&count, " (", HumanSignedCount(growth.live_count), ")");
    }
    std::string rest = absl::StrCat(", ", count);
    if (newer.live_count > 0) {
      absl::StrAppend(&rest, ", average=",
                      HumanBytes(newer.live_bytes < 0
                                     ? 0
                                     : newer.live_bytes / newer.live_count));
    }
    if (request_.rows.sort == SortBy::kTotal ||
        request_.rows.sort == SortBy::kTemporary) {
      absl::StrAppend(&rest, ", total=", Bytes(newer.total_bytes), " in ",
                      newer.total_count, ", temporary=", newer.temporary_count);
    }
    return {{name, Tone::kKey}, {": "}, {size, tone}, {rest}};
  }

 private:
  std::string Shortened(const KeyText& text) const {
    return absl::StrCat(text.before, paths_.Shorten(text.path), text.after);
  }

  // Negative only where a file contradicts itself.
  std::string Bytes(int64_t bytes) const {
    if (request_.numbers == Numbers::kExact) return absl::StrCat(bytes, " B");
    return bytes < 0 ? HumanSignedBytes(bytes) : HumanBytes(bytes);
  }
  std::string SignedBytes(int64_t bytes) const {
    if (request_.numbers == Numbers::kExact) {
      return absl::StrFormat("%+d B", bytes);
    }
    return HumanSignedBytes(bytes);
  }

  const CallStacks& stacks_;
  const ReportRequest& request_;
  HeapTableKind kind_;
  const ShortPaths& paths_;
};

// How many of the rows, which are ranked, are shown.
size_t ShownRows(const HeapRows& rows, const ReportRequest& request,
                 HeapTableKind kind) {
  const size_t all = rows.rows.size();
  const size_t limit =
      request.row_limit == 0 ? all : std::min(request.row_limit, all);
  if (request.idle_rows == IdleRows::kShow) return limit;
  size_t shown = 0;
  for (; shown < limit; ++shown) {
    const HeapRow& row = rows.rows[shown];
    const Amounts& ranked =
        kind == HeapTableKind::kGrowth ? row.growth : row.newer;
    if (SortValue(ranked, request.rows.sort) == 0) break;
  }
  return shown;
}

// All paths that the texts of the first `count` rows show.
std::vector<std::string> PathsOf(const HeapRows& rows, size_t count,
                                 const CallStacks& stacks) {
  std::vector<std::string> paths;
  std::vector<bool> is_seen(stacks.frame_count());
  for (size_t i = 0; i < count; ++i) {
    const HeapRow& row = rows.rows[i];
    if (!row.key.path.empty()) paths.push_back(row.key.path);
    for (const FrameId frame : stacks.Frames(row.key_stack)) {
      if (is_seen[Index(frame)]) continue;
      is_seen[Index(frame)] = true;
      paths.push_back(WrittenFrame(stacks.Frame(frame)).path);
    }
  }
  return paths;
}

}  // namespace

Table HeapTable(const HeapRows& rows, const CallStacks& stacks,
                const ReportRequest& request, HeapTableKind kind) {
  const size_t shown = ShownRows(rows, request, kind);
  const ShortPaths paths(PathsOf(rows, shown, stacks));
  const RowWriter writer(stacks, request, kind, paths);
  Table table;
  table.columns = Columns();
  table.has_stacks = true;
  table.total = writer.Cells("", rows.newer, rows.growth);
  Amounts hidden, hidden_growth;
  for (const HeapRow& row : rows.rows) {
    if (table.rows.size() < shown) {
      table.rows.push_back(writer.Write(row));
    } else {
      ++table.rows_left_out;
      hidden += row.newer;
      hidden_growth += row.growth;
    }
  }
  const bool is_cumulative = request.rows.counting == Counting::kCumulative;
  if (table.rows_left_out > 0) {
    const std::string name =
        absl::StrCat("... ", Counted(table.rows_left_out, "more row"));
    table.footer.push_back(is_cumulative
                               ? Line{{name, Tone::kKey}}
                               : writer.Numbered(name, hidden, hidden_growth));
  }
  table.footer.push_back(writer.Numbered("total", rows.newer, rows.growth));
  table.footer.back().push_back(
      {absl::StrCat("; ", rows.newer.live_bytes, " bytes")});
  return table;
}

std::vector<std::string> NotesOfShownRows(
    const HeapRows& rows, size_t shown, const CallStacks& stacks, Key key,
    const std::vector<std::string>& notes) {
  if (key == Key::kModule || key == Key::kThread) return {};
  std::set<std::string> modules;
  for (size_t i = 0; i < shown; ++i) {
    const SourceFrame& site =
        stacks.Frame(stacks.Site(rows.rows[i].heaviest_stack)).source;
    if (site.line == 0 && !site.module->empty()) modules.insert(*site.module);
  }
  std::vector<std::string> result;
  for (const std::string& note : notes) {
    for (const std::string& module : modules) {
      if (!absl::StartsWith(note, module + ":")) continue;
      result.push_back(note);
      break;
    }
  }
  return result;
}

std::vector<std::string> HeapTableNotes(const HeapRows& rows,
                                        const ReportRequest& request,
                                        uint64_t sample_mean_bytes,
                                        const Amounts& exact) {
  std::vector<std::string> notes;
  if (sample_mean_bytes > 0) {
    notes.push_back(absl::StrCat(
        "sampled with a mean of ", HumanBytes(sample_mean_bytes),
        ": rows are estimates; exactly ", exact.live_bytes, " bytes in ",
        Counted(static_cast<uint64_t>(exact.live_count), "block"),
        " are live"));
  }
  if (request.rows.counting == Counting::kCumulative) {
    notes.push_back(
        "--cumulative: a block counts on every row that its stack passes "
        "through, so rows do not sum to the total; the total is exact");
  }
  if (!rows.filtered_out.is_zero()) {
    notes.push_back(absl::StrCat(
        "filters leave out ", HumanBytes(rows.filtered_out.live_bytes), " in ",
        Counted(rows.filtered_out.live_count, "block")));
  }
  return notes;
}

}  // namespace heapline

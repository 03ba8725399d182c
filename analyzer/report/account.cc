// `heapline account`: where the resident memory of a process goes.
#include "analyzer/analysis/account.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analyzer/base/status.h"
#include "analyzer/base/text.h"
#include "analyzer/report/heap_side.h"
#include "analyzer/report/report_files.h"
#include "analyzer/report/reports.h"
#include "analyzer/snapshot/snapshot_reader.h"

namespace heapline {
namespace {

// What one FILE argument comes to: several processes where it is a directory.
struct AccountSide {
  Account account;
  std::vector<SnapshotName> snapshots;
  std::vector<std::string> notes;
};

absl::Status AddAccountOf(const std::string& file, AccountSide* side) {
  const absl::StatusOr<Snapshot> snapshot = TryReadSnapshot(file);
  if (!snapshot.ok()) return snapshot.status();
  if (snapshot->mappings.empty()) {
    return Problem(absl::StatusCode::kFailedPrecondition,
                   absl::StrCat("accounting for ", SafeText(file)),
                   "the snapshot has no mappings of its process",
                   "take it with a shim that can read /proc/self/smaps");
  }
  const std::string damage = DamageNote(*snapshot);
  if (!damage.empty()) side->notes.push_back(damage);
  if (NumberOf(*snapshot, PropertyId::graph) == 0) {
    side->notes.push_back(absl::StrCat(
        file,
        ": without its graph, the program's own anonymous memory is "
        "unexplained; trace with graph=1"));
  }
  AddAccount(AccountOf(*snapshot), &side->account);
  side->snapshots.push_back(NameOf(*snapshot));
  return absl::OkStatus();
}

absl::StatusOr<AccountSide> SideOf(const std::string& argument) {
  const absl::StatusOr<std::vector<std::string>> files =
      NewestOfEachProcess(argument);
  if (!files.ok()) return files.status();
  AccountSide side;
  for (const std::string& file : *files) {
    const absl::Status status = AddAccountOf(file, &side);
    if (!status.ok()) return status;
  }
  return side;
}

// A row with what it was before: 0 where it is new.
struct GrowingRow {
  AccountRow row;
  int64_t growth_bytes = 0;
};

// Largest first; of two accounts, largest growth first.
std::vector<GrowingRow> RowsOf(const Account& newer, const Account* older) {
  std::map<std::pair<AccountKind, std::string>, GrowingRow> by_key;
  for (const AccountRow& row : newer.rows) {
    by_key[{row.kind, row.key}] = {row, static_cast<int64_t>(row.bytes)};
  }
  if (older != nullptr) {
    for (const AccountRow& row : older->rows) {
      GrowingRow& growing = by_key[{row.kind, row.key}];
      growing.row.kind = row.kind;
      growing.row.key = row.key;
      growing.growth_bytes -= static_cast<int64_t>(row.bytes);
    }
  }
  std::vector<GrowingRow> rows;
  for (auto& [key, row] : by_key) rows.push_back(std::move(row));
  const auto weight = [older](const GrowingRow& row) {
    return older == nullptr ? static_cast<int64_t>(row.row.bytes)
                            : std::max(row.growth_bytes, -row.growth_bytes);
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&weight](const GrowingRow& a, const GrowingRow& b) {
                     return weight(a) > weight(b);
                   });
  return rows;
}

std::string Share(uint64_t part, uint64_t whole) {
  const double percent =
      whole == 0 ? 0 : static_cast<double>(part) * 100 / whole;
  return absl::StrFormat("%.1f %%", percent);
}

enum class Growth { kHidden, kShown };

Line TextOfRow(const GrowingRow& row, uint64_t rss_bytes, Growth growth) {
  Line line = {{row.row.key, Tone::kKey},
               {absl::StrCat(": ", HumanBytes(row.row.bytes))}};
  if (growth == Growth::kShown) {
    line.push_back({absl::StrCat(" (", HumanSignedBytes(row.growth_bytes), ")"),
                    row.growth_bytes > 0   ? Tone::kGrew
                    : row.growth_bytes < 0 ? Tone::kShrank
                                           : Tone::kFaint});
  }
  line.push_back({absl::StrCat(", ", Share(row.row.bytes, rss_bytes))});
  return line;
}

std::string FragmentationText(const Account& account) {
  const uint64_t live = account.BytesOf(AccountKind::kLive);
  const uint64_t slack = account.BytesOf(AccountKind::kAllocator);
  return absl::StrCat(
      "fragmentation: the allocator keeps ", HumanBytes(slack),
      " resident beside ", HumanBytes(live),
      " of live blocks: ", Share(slack, live + slack),
      " of the heap is free or slack; malloc_trim(0) gives back whole pages, "
      "what is left lies between live blocks");
}

std::vector<Line> FooterOf(const Account& account) {
  std::vector<Line> lines;
  lines.push_back(
      {{absl::StrCat("resident: ", HumanBytes(account.rss_bytes), ", ",
                     Share(account.explained_bytes(), account.rss_bytes),
                     " of it explained")}});
  if (account.absent_live_bytes > 0) {
    lines.push_back({{absl::StrCat(
        "not resident: ", HumanBytes(account.absent_live_bytes), " of ",
        HumanBytes(account.live_bytes),
        " in live blocks were never touched, or are swapped out")}});
  }
  if (IsFragmented(account)) lines.push_back({{FragmentationText(account)}});
  return lines;
}

Table TableOf(const Account& newer, const Account* older) {
  Table table;
  table.columns = {{"key", Unit::kText, false},
                   {"kind", Unit::kText, false},
                   {"bytes", Unit::kBytes, true}};
  table.total = {"", "", static_cast<int64_t>(newer.rss_bytes)};
  if (older != nullptr) {
    table.columns.push_back({"growth_bytes", Unit::kBytes, true});
    table.total.push_back(static_cast<int64_t>(newer.rss_bytes) -
                          static_cast<int64_t>(older->rss_bytes));
  }
  for (const GrowingRow& growing : RowsOf(newer, older)) {
    Row row;
    row.cells = {growing.row.key, AccountKindName(growing.row.kind),
                 static_cast<int64_t>(growing.row.bytes)};
    if (older != nullptr) row.cells.push_back(growing.growth_bytes);
    row.lines = {
        TextOfRow(growing, newer.rss_bytes,
                  older != nullptr ? Growth::kShown : Growth::kHidden)};
    table.rows.push_back(std::move(row));
  }
  table.footer = FooterOf(newer);
  return table;
}

Aside ProcessAside(const Account& account) {
  return {
      "process",
      {{"rss_bytes", static_cast<int64_t>(account.rss_bytes)},
       {"explained_bytes", static_cast<int64_t>(account.explained_bytes())},
       {"live_bytes", static_cast<int64_t>(account.live_bytes)},
       {"absent_live_bytes", static_cast<int64_t>(account.absent_live_bytes)},
       {"fragmented", IsFragmented(account)}}};
}

}  // namespace

absl::StatusOr<Document> MakeAccountReport(const ReportRequest& request) {
  std::vector<AccountSide> sides;
  for (const std::string& argument : request.files) {
    absl::StatusOr<AccountSide> side = SideOf(argument);
    if (!side.ok()) return side.status();
    sides.push_back(*std::move(side));
  }
  Document document;
  document.name = "heapline.account";
  for (const AccountSide& side : sides) {
    document.snapshots.insert(document.snapshots.end(), side.snapshots.begin(),
                              side.snapshots.end());
    document.notes.insert(document.notes.end(), side.notes.begin(),
                          side.notes.end());
  }
  const Account& newer = sides.back().account;
  document.asides = {ProcessAside(newer)};
  document.body =
      TableOf(newer, sides.size() > 1 ? &sides.front().account : nullptr);
  return document;
}

}  // namespace heapline

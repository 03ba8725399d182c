// `heapline leaks`: what nothing holds, by call stack, and what it takes along.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/analysis/suppressions.h"
#include "analyzer/base/text.h"
#include "analyzer/report/expected_dead.h"
#include "analyzer/report/graph_side.h"
#include "analyzer/report/reports.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

std::string KindName(unsigned kind) { return WordOf(LeakKindWords(), kind); }

struct Amount {
  int64_t count = 0;
  int64_t bytes = 0;
  int64_t indirect_count = 0;
  int64_t indirect_bytes = 0;
};

// Rows: kind as it is told, kind of root, call stack, type.
using RowKey = std::tuple<unsigned, uint8_t, StackId, TypeId>;

class LeakRows {
 public:
  LeakRows(GraphSide* side, Suppressions* suppressions)
      : side_(side),
        suppressions_(suppressions),
        is_on_stack_(HeldByStacksAlone(side->graph(), side->reachability())) {
    FindSuppressedLeaks();
    for (Vertex v = 0; v < side_->graph().size(); ++v) {
      if (!side_->graph().IsContainer(v)) AddObject(v);
    }
    for (const Leak& leak : side_->leaks().leaks) AddIndirect(leak);
  }

  const std::map<RowKey, Amount>& rows() const { return rows_; }
  const Amount& OfKind(uint64_t kind) const { return by_kind_[kind]; }
  const Amount& suppressed() const { return suppressed_; }
  // Reachable, but from words of stacks and registers alone.
  const Amount& on_stacks() const { return on_stacks_; }

 private:
  bool IsSuppressed(LeakKinds kind, StackId stack) {
    const auto [row, is_new] = verdicts_.try_emplace({kind, stack}, false);
    if (is_new) {
      const std::vector<FrameText> frames = side_->FramesOf(stack);
      std::vector<SuppressibleFrame> texts;
      for (const FrameText& frame : frames) {
        texts.push_back({frame.function, frame.file, frame.module});
      }
      row->second = suppressions_->Match(kind, texts) != nullptr;
    }
    return row->second;
  }

  // A leak of which one member is suppressed goes with all it takes along.
  void FindSuppressedLeaks() {
    is_suppressed_.resize(side_->leaks().leaks.size());
    if (suppressions_->all().empty()) return;
    for (Vertex v = 0; v < side_->graph().size(); ++v) {
      if (side_->leaks().kind[v] != kDirectLeak) continue;
      const uint32_t leak = side_->leaks().leak_of[v];
      if (!is_suppressed_[leak]) {
        is_suppressed_[leak] = IsSuppressed(kDirectLeak, side_->StackOf(v));
      }
    }
  }

  RowKey KeyOf(Vertex v) {
    return {side_->LeakKindOf(v), RootKindOf(v),
            side_->stacks()->CodeStack(side_->StackOf(v)),
            side_->types().Of(v)};
  }

  // What holds it, a stack or a register only where nothing else does.
  uint8_t RootKindOf(Vertex v) const {
    const uint8_t kind = side_->reachability().held_by[v];
    return IsStackOrRegister(kind) && is_on_stack_[v] == 0
               ? uint8_t{HL_ROOT_MAPPING}
               : kind;
  }

  void AddObject(Vertex v) {
    const unsigned kind = side_->leaks().kind[v];
    const auto bytes = static_cast<int64_t>(side_->graph().Bytes(v));
    const uint32_t leak =
        side_->leaks().leak_of.empty() ? kNoLeak : side_->leaks().leak_of[v];
    const bool is_suppressed =
        !suppressions_->all().empty() &&
        ((leak != kNoLeak && is_suppressed_[leak]) ||
         (kind != kDirectLeak && kind != kReachableBlock &&
          IsSuppressed(static_cast<LeakKinds>(kind), side_->StackOf(v))));
    if (is_suppressed) {
      ++suppressed_.count;
      suppressed_.bytes += bytes;
      return;
    }
    for (Amount* amount : {&rows_[KeyOf(v)], &by_kind_[side_->LeakKindOf(v)]}) {
      ++amount->count;
      amount->bytes += bytes;
    }
    if (is_on_stack_[v] != 0) {
      ++on_stacks_.count;
      on_stacks_.bytes += bytes;
    }
  }

  void AddIndirect(const Leak& leak) {
    if (is_suppressed_[&leak - side_->leaks().leaks.data()]) return;
    for (Amount* amount : {&rows_[KeyOf(leak.first)],
                           &by_kind_[side_->LeakKindOf(leak.first)]}) {
      amount->indirect_count += static_cast<int64_t>(leak.indirect_count);
      amount->indirect_bytes += static_cast<int64_t>(leak.indirect_bytes);
    }
  }

  GraphSide* side_;
  Suppressions* suppressions_;
  const BigVector<uint8_t> is_on_stack_;  // by Vertex
  std::vector<bool> is_suppressed_;       // by leak
  std::map<std::pair<unsigned, StackId>, bool> verdicts_;
  std::map<RowKey, Amount> rows_;
  Amount by_kind_[kAllLeakKinds + 1];
  Amount suppressed_;
  Amount on_stacks_;
};

std::string AmountText(const Amount& amount) {
  std::string text =
      absl::StrCat(HumanBytes(static_cast<uint64_t>(amount.bytes)), " in ",
                   Counted(static_cast<uint64_t>(amount.count), "block"));
  if (amount.indirect_count > 0) {
    absl::StrAppend(
        &text, ", takes along ",
        HumanBytes(static_cast<uint64_t>(amount.indirect_bytes)), " in ",
        Counted(static_cast<uint64_t>(amount.indirect_count), "block"));
  }
  return text;
}

std::string HolderOfKind(uint8_t root) {
  switch (root) {
    case HL_ROOT_STACK:
      return ", held only by a stack, dead or alive";
    case HL_ROOT_REGISTER:
      return ", held only by a register, dead or alive";
    default:
      return absl::StrCat(", root: ", WordOf(RootKindWords(), root));
  }
}

Row WriteRow(const GraphSide& side, CallStacks* stacks, const RowKey& key,
             const Amount& amount) {
  const auto& [kind, root, stack, type] = key;
  const std::string& type_name = side.types().names[type];
  Row row;
  row.cells = {KindName(kind),
               amount.count,
               amount.bytes,
               amount.indirect_count,
               amount.indirect_bytes,
               type_name,
               root == kNotHeld ? "" : WordOf(RootKindWords(), root)};
  row.stack = side.FramesOf(stack);
  Line line = {{absl::StrCat(KindName(kind), ": "), Tone::kKey},
               {AmountText(amount), Tone::kGrew}};
  if (!type_name.empty()) line.push_back({absl::StrCat(", ", type_name)});
  if (root != kNotHeld) line.push_back({HolderOfKind(root)});
  row.lines.push_back(std::move(line));
  for (const FrameId frame : stacks->Frames(stack)) {
    row.lines.push_back(
        {{absl::StrCat("    ", WrittenFrame(stacks->Frame(frame)).Full()),
          Tone::kFaint}});
  }
  return row;
}

// Kinds in order, then what is largest with what it takes along, then by text.
std::vector<RowKey> Ranked(const LeakRows& rows, unsigned kinds,
                           const CallStacks& stacks) {
  std::vector<RowKey> keys;
  for (const auto& [key, amount] : rows.rows()) {
    if ((std::get<0>(key) & kinds) != 0) keys.push_back(key);
  }
  std::stable_sort(
      keys.begin(), keys.end(), [&](const RowKey& a, const RowKey& b) {
        if (std::get<0>(a) != std::get<0>(b)) {
          return std::get<0>(a) < std::get<0>(b);
        }
        const Amount& x = rows.rows().at(a);
        const Amount& y = rows.rows().at(b);
        const int64_t of_a = x.bytes + x.indirect_bytes;
        const int64_t of_b = y.bytes + y.indirect_bytes;
        if (of_a != of_b) return of_a > of_b;
        return stacks.ReadsBefore(std::get<StackId>(a), std::get<StackId>(b));
      });
  return keys;
}

Table LeakTable(GraphSide* side, const LeakRows& rows, unsigned kinds,
                size_t row_limit) {
  Table table;
  table.columns = {{"kind", Unit::kText, false},
                   {"count", Unit::kCount, true},
                   {"bytes", Unit::kBytes, true},
                   {"indirect_count", Unit::kCount, true},
                   {"indirect_bytes", Unit::kBytes, true},
                   {"type", Unit::kText, false},
                   {"root_kind", Unit::kText, false}};
  table.has_stacks = true;
  Amount total;
  for (const RowKey& key : Ranked(rows, kinds, *side->stacks())) {
    const Amount& amount = rows.rows().at(key);
    total.count += amount.count;
    total.bytes += amount.bytes;
    total.indirect_count += amount.indirect_count;
    total.indirect_bytes += amount.indirect_bytes;
    if (row_limit == 0 || table.rows.size() < row_limit) {
      table.rows.push_back(WriteRow(*side, side->stacks(), key, amount));
    } else {
      ++table.rows_left_out;
    }
  }
  table.total = {std::string(),        total.count,          total.bytes,
                 total.indirect_count, total.indirect_bytes, std::string(),
                 std::string()};
  if (table.rows_left_out > 0) {
    table.footer.push_back(
        {{absl::StrCat("... ", Counted(table.rows_left_out, "more row")),
          Tone::kKey}});
  }
  for (const ValueWord& kind : LeakKindWords()) {
    Amount amount = rows.OfKind(kind.value);
    amount.indirect_count = 0;
    table.footer.push_back(
        {{absl::StrCat("total ", kind.word, ": "), Tone::kKey},
         {AmountText(amount)}});
  }
  if (rows.on_stacks().count > 0) {
    table.footer.push_back(
        {{"of these held only by a stack or a register, dead or alive: ",
          Tone::kKey},
         {AmountText(rows.on_stacks())}});
  }
  return table;
}

}  // namespace

absl::StatusOr<Document> MakeLeaksReport(const ReportRequest& request) {
  Suppressions suppressions;
  for (const std::string& file : request.graph.suppressions) {
    absl::StatusOr<Suppressions> more = Suppressions::TryRead(file);
    if (!more.ok()) return more.status();
    suppressions.Append(*std::move(more));
  }
  const absl::StatusOr<std::unique_ptr<GraphSide>> side =
      GraphSide::TryRead(request);
  if (!side.ok()) return side.status();
  const LeakRows rows(side->get(), &suppressions);
  unsigned kinds = request.graph.leak_kinds;
  if (kinds == kNoLeakKind) {
    kinds = kDirectLeak | kIndirectLeak;
    if ((*side)->IsIncomplete()) kinds |= kPossibleLeak;
  }
  Document document = (*side)->NewDocument("heapline.leaks");
  Aside aside{"kinds", {}};
  for (const ValueWord& kind : LeakKindWords()) {
    const std::string name = kind.word;
    const Amount& amount = rows.OfKind(kind.value);
    aside.fields.emplace_back(name + ".count", amount.count);
    aside.fields.emplace_back(name + ".bytes", amount.bytes);
  }
  document.asides = {
      aside,
      {"held_by_stacks",
       {{"count", rows.on_stacks().count}, {"bytes", rows.on_stacks().bytes}}},
      {"suppressed",
       {{"count", rows.suppressed().count},
        {"bytes", rows.suppressed().bytes}}}};
  if (rows.suppressed().count > 0) {
    document.notes.push_back(
        absl::StrCat("suppressed: ", AmountText(rows.suppressed())));
  }
  Table table = LeakTable(side->get(), rows, kinds, request.row_limit);
  // Reachable blocks are shown on request; they are no finding.
  for (const LeakKinds kind : {kDirectLeak, kIndirectLeak, kPossibleLeak}) {
    if ((kinds & kind) != 0 && rows.OfKind(kind).count > 0) {
      document.verdict = Verdict::kFound;
    }
  }
  document.annexes = {ExpectedDeadOf(side->get())};
  if (!document.annexes[0].table.rows.empty()) {
    document.verdict = Verdict::kFound;
  }
  document.body = std::move(table);
  return document;
}

}  // namespace heapline

#include "analyzer/command/demo_documents.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "analyzer/base/text.h"
#include "analyzer/command/demo_tables.h"

namespace heapline {
namespace {

Line Heading(const std::string& text) {
  return DemoLine(absl::StrCat("== ", text, " =="), Tone::kKey);
}

// What the run printed, a row a line.
Table OutputTable(const DemoOutcome& outcome, const DemoPart& part) {
  Table table = DemoTable({{"line", Unit::kText}});
  absl::string_view text = part.run.output;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (!text.empty()) {
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      AddDemoRow({std::string(line)}, std::string(line), &table);
      if (line.empty()) table.rows.back().lines.push_back({});
    }
  }
  std::vector<Line> before;
  const bool is_first = &part == &outcome.parts.front();
  if (is_first) {
    before.push_back(DemoLine(absl::StrCat(
        outcome.scenario.name, ": ", outcome.scenario.title, " (checklist ",
        absl::StrJoin(outcome.scenario.rows, ", "), ")")));
  }
  before.push_back({});
  before.push_back(Heading(outcome.parts.size() == 1
                               ? "the program"
                               : DemoVariantName(part.run.variant)));
  PutBefore(std::move(before), &table);
  return table;
}

Table ReportTableOf(const absl::StatusOr<DemoReport>& report) {
  if (!report.ok()) {
    Table table = DemoTable({{"problem", Unit::kText}});
    AddDemoRow({std::string(report.status().message())},
               std::string(report.status().message()), &table);
    PutBefore({{}}, &table);
    return table;
  }
  Table table;
  if (const auto* rows = std::get_if<Table>(&report->document.body)) {
    table = *rows;
  } else if (const auto* graph = std::get_if<Graph>(&report->document.body)) {
    table = graph->tree;
  }
  std::vector<Line> before = {
      {}, DemoLine(absl::StrCat("$ ", report->command), Tone::kKey)};
  for (const std::string& note : report->document.notes) {
    before.push_back(DemoLine(note, Tone::kFaint));
  }
  PutBefore(std::move(before), &table);
  return table;
}

std::string SizesText(const ObjectSizes& sizes) {
  return absl::StrCat("shallow ", sizes.shallow_bytes, " B, deep ",
                      sizes.deep_bytes, " B, retained ", sizes.retained_bytes,
                      " B in ", Counted(sizes.retained_count, "block"));
}

std::string KeptText(const KeptSizes& kept) {
  std::string text =
      absl::StrCat("    ", kept.told.name, ": ", SizesText(kept.told.sizes));
  if (!(kept.exact == kept.told.sizes)) {
    absl::StrAppend(&text, "; the exact snapshot says ", SizesText(kept.exact));
  } else if (kept.traced == kept.told.sizes) {
    absl::StrAppend(&text, "; the snapshots say the same");
  } else {
    absl::StrAppend(&text, "; the traced snapshot says ",
                    SizesText(kept.traced));
  }
  return text;
}

// What the runtime knows of itself, a row a number.
Table TruthTable(const DemoPart& part) {
  Table table = DemoTable({{"name", Unit::kText}, {"value", Unit::kNone}});
  const DemoTruth& truth = part.findings.truth;
  const auto add = [&table](const char* name, uint64_t value,
                            std::string line) {
    AddDemoRow({std::string(name), static_cast<int64_t>(value)},
               std::move(line), &table);
  };
  add("objects", truth.objects,
      absl::StrCat("    ", Counted(truth.objects, "object"), " in ",
                   Counted(truth.blocks, "block"), " of ",
                   HumanBytes(truth.bytes), ", ", truth.roots,
                   " held from outside, ",
                   Counted(truth.weak_references, "weak reference")));
  add("blocks", truth.blocks, "");
  add("bytes", truth.bytes, "");
  add("held_from_outside", truth.roots, "");
  add("weak_references", truth.weak_references, "");
  add("unreachable_cycles", truth.cycles,
      absl::StrCat("    ", Counted(truth.cycles, "unreachable cycle"), " of ",
                   Counted(truth.cycle_members, "member"), "; ",
                   Counted(truth.lost_blocks, "block"), " directly leaked, ",
                   HumanBytes(truth.lost_bytes)));
  add("cycle_members", truth.cycle_members, "");
  add("lost_blocks", truth.lost_blocks, "");
  add("lost_bytes", truth.lost_bytes, "");
  for (const auto& [name, value] : part.run.numbers) {
    add(name.c_str(), static_cast<uint64_t>(value),
        absl::StrCat("    ", name, " = ", value));
  }
  for (const KeptSizes& kept : part.findings.kept) {
    table.rows.back().lines.push_back(DemoLine(KeptText(kept)));
  }
  PutBefore({{}, DemoLine("the runtime's own truth", Tone::kKey)}, &table);
  return table;
}

Table KeptTable(const DemoPart& part) {
  Table table = DemoTable({{"name", Unit::kText},
                           {"shallow_bytes", Unit::kBytes},
                           {"deep_bytes", Unit::kBytes},
                           {"retained_bytes", Unit::kBytes},
                           {"retained_count", Unit::kCount},
                           {"exact_agrees", Unit::kYesNo},
                           {"traced_agrees", Unit::kYesNo}});
  for (const KeptSizes& kept : part.findings.kept) {
    const ObjectSizes& told = kept.told.sizes;
    AddDemoRow({kept.told.name, static_cast<int64_t>(told.shallow_bytes),
                static_cast<int64_t>(told.deep_bytes),
                static_cast<int64_t>(told.retained_bytes),
                static_cast<int64_t>(told.retained_count), kept.exact == told,
                kept.traced == told},
               "", &table);
  }
  return table;
}

std::string CheckText(const DemoOutcome& outcome) {
  const DemoSymptomRow& symptom = *outcome.symptom;
  if (outcome.parts.size() < 2) {
    return outcome.IsRight() ? "check: there is no symptom to find"
                             : "check: WRONG: sizes disagree";
  }
  return absl::StrCat(
      "check: ", symptom.name, ": broken ",
      AmountText(symptom, outcome.parts[0].findings.symptom_amount), ", fixed ",
      AmountText(symptom, outcome.parts[1].findings.symptom_amount),
      outcome.IsRight() ? ": right" : ": WRONG");
}

}  // namespace

Document DemoChecklistDocument(const std::vector<DemoChecklistRow>& rows) {
  Table table = DemoTable({{"row", Unit::kNone},
                           {"scenario", Unit::kText},
                           {"kind", Unit::kText},
                           {"where", Unit::kText}});
  for (const DemoChecklistRow& row : rows) {
    AddDemoRow({row.row, row.scenario, row.kind, row.where},
               absl::StrFormat("%3d  %-26s %-8s  %s", row.row,
                               row.scenario.empty() ? "-" : row.scenario,
                               row.kind, row.where),
               &table);
  }
  PutBefore(
      {DemoLine("row  scenario                   kind      where", Tone::kKey)},
      &table);
  return NewDemoDocument(std::move(table));
}

GraphScore DemoOutcome::Score() const {
  GraphScore score;
  for (const DemoPart& part : parts) score += part.findings.score;
  return score;
}

bool DemoOutcome::IsRight() const {
  if (!status.ok()) return false;
  for (const DemoPart& part : parts) {
    for (const KeptSizes& kept : part.findings.kept) {
      if (!(kept.exact == kept.told.sizes)) return false;
    }
  }
  return parts.size() < 2 || IsCured(*symptom, parts[0].findings.symptom_amount,
                                     parts[1].findings.symptom_amount);
}

Document DemoScenarioDocument(const DemoOutcome& outcome) {
  Table body = DemoTable({{"scenario", Unit::kText},
                          {"variant", Unit::kText},
                          {"heap", Unit::kText},
                          {"symptom", Unit::kText},
                          {"symptom_amount", Unit::kNone},
                          {"right", Unit::kYesNo}});
  Document document = NewDemoDocument(Table());
  for (const DemoPart& part : outcome.parts) {
    const std::string variant = DemoVariantName(part.run.variant);
    AddDemoRow({outcome.scenario.name, variant,
                std::string(DemoHeapName(outcome.heap)),
                std::string(outcome.symptom->name),
                part.findings.symptom_amount, outcome.IsRight()},
               "", &body);
    const auto add = [&](const std::string& name, Table table) {
      document.annexes.push_back(
          {absl::StrCat(variant, ": ", name), std::move(table)});
    };
    add("output", OutputTable(outcome, part));
    for (size_t i = 0; i < part.reports.size(); ++i) {
      add(outcome.scenario.reports[i], ReportTableOf(part.reports[i]));
    }
    add("truth", TruthTable(part));
    add("kept", KeptTable(part));
  }
  Table score = DemoTable(ScoreColumns({}));
  AddScoreRows({}, outcome.Score(), &score);
  PutBefore(
      {{}, DemoLine("what graph reports show, against the truth", Tone::kKey)},
      &score);
  score.footer = {{},
                  DemoLine(CheckText(outcome),
                           outcome.IsRight() ? Tone::kShrank : Tone::kGrew),
                  DemoLine(outcome.scenario.says)};
  document.annexes.push_back({"score", std::move(score)});
  document.asides = {
      {"verdict",
       {{"right", outcome.IsRight()}, {"says", outcome.scenario.says}}}};
  document.body = std::move(body);
  return document;
}

}  // namespace heapline

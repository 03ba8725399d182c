#include "analyzer/report/text_renderer.h"

#include <variant>

#include "absl/strings/str_cat.h"
#include "analyzer/base/text.h"

namespace heapline {
namespace {

const char* ColorOf(Tone tone) {
  switch (tone) {
    case Tone::kKey:
      return "\033[1m";
    case Tone::kGrew:
      return "\033[31m";
    case Tone::kShrank:
      return "\033[32m";
    case Tone::kFaint:
      return "\033[2m";
    case Tone::kPlain:
      break;
  }
  return "";
}

void AppendLine(const Line& line, Colors colors, std::string* out) {
  for (const Span& span : line) {
    const bool is_colored = colors == Colors::kOn && span.tone != Tone::kPlain;
    if (is_colored) absl::StrAppend(out, ColorOf(span.tone));
    absl::StrAppend(out, SafeText(span.text));
    if (is_colored) absl::StrAppend(out, "\033[0m");
  }
  out->push_back('\n');
}

void AppendTable(const Table& table, Colors colors, std::string* out) {
  for (const Row& row : table.rows) {
    for (const Line& line : row.lines) AppendLine(line, colors, out);
  }
  for (const Line& line : table.footer) AppendLine(line, colors, out);
}

void AppendStacks(const Stacks& stacks, std::string* out) {
  for (const WeightedStack& stack : stacks.stacks) {
    for (size_t i = 0; i < stacks.value_names.size(); ++i) {
      absl::StrAppend(out, i == 0 ? "" : ", ", stacks.value_names[i].first, "=",
                      stack.values[i]);
    }
    out->push_back('\n');
    for (const FrameText& frame : stack.frames) {
      absl::StrAppend(out, "    ", SafeText(frame.function), "\n");
    }
  }
}

}  // namespace

std::string RenderText(const Document& document, Colors colors) {
  std::string out;
  if (const auto* table = std::get_if<Table>(&document.body)) {
    AppendTable(*table, colors, &out);
  } else if (const auto* stacks = std::get_if<Stacks>(&document.body)) {
    AppendStacks(*stacks, &out);
  } else if (const auto* graph = std::get_if<Graph>(&document.body)) {
    AppendTable(graph->tree, colors, &out);
  }
  for (const Annex& annex : document.annexes) {
    AppendTable(annex.table, colors, &out);
  }
  return out;
}

}  // namespace heapline

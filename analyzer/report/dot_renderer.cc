#include "analyzer/report/dot_renderer.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "analyzer/base/text.h"
#include "analyzer/snapshot/text_words.h"

namespace heapline {
namespace {

// A name of a template may be of any length; a box may not.
constexpr size_t kLongestName = 60;

// `text` inside of a quoted string of DOT, where \n is a line's end.
std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(SafeText(text), {{"\\", "\\\\"}, {"\"", "\\\""}});
}

// The ends of a long name tell more than its middle. Cut where characters of
// more than a byte begin or end, so that UTF-8 stays UTF-8.
std::string Shortened(const std::string& name) {
  if (name.size() <= kLongestName) return name;
  const auto is_within = [&](size_t at) {
    return (static_cast<unsigned char>(name[at]) & 0xc0) == 0x80;
  };
  size_t front = kLongestName / 2, back = name.size() - kLongestName / 2;
  while (front > 0 && is_within(front)) --front;
  while (back < name.size() && is_within(back)) ++back;
  return absl::StrCat(name.substr(0, front), "...", name.substr(back));
}

std::string NodeText(const GraphNode& node) {
  std::vector<std::string> lines = {Escaped(Shortened(node.label))};
  const auto bytes = static_cast<uint64_t>(node.bytes);
  const auto retained = static_cast<uint64_t>(node.retained_bytes);
  if (node.kind != GraphNode::Kind::kRoot) {
    lines.push_back(
        absl::StrCat(HexNumber(node.address), ", ", HumanBytes(bytes)));
  }
  lines.push_back(absl::StrCat("retains ", HumanBytes(retained)));
  if (node.hidden_targets > 0) {
    lines.push_back(absl::StrCat("+ ",
                                 Counted(node.hidden_targets, "reference"),
                                 " to what is not drawn"));
  }
  const char* shape = "box";
  const char* more = "";
  if (node.kind == GraphNode::Kind::kRoot) shape = "ellipse";
  if (node.kind == GraphNode::Kind::kLeaked) {
    more = ", style=filled, fillcolor=\"#f6d5d5\"";
  }
  const char* const color = node.cycle == "ownership" ? ", color=red" : "";
  return absl::StrCat("label=\"", absl::StrJoin(lines, "\\n"),
                      "\", shape=", shape, more, color);
}

std::string EdgeText(const GraphEdge& edge, const GraphNode& from) {
  std::vector<std::string> attributes;
  // Where a root's word stands is in its name.
  std::string label = from.kind == GraphNode::Kind::kRoot
                          ? ""
                          : absl::StrCat("+", HexNumber(edge.offset));
  if (edge.count > 1) absl::StrAppend(&label, " (", edge.count, ")");
  if (!label.empty())
    attributes.push_back(absl::StrCat("label=\"", label, "\""));
  if (edge.is_weak) attributes.push_back("style=dashed");
  if (edge.cycle == "ownership") {
    attributes.push_back("color=red, penwidth=2");
  } else if (!edge.cycle.empty()) {
    attributes.push_back(
        absl::StrCat("color=gray40, tooltip=\"", Escaped(edge.cycle), "\""));
  }
  return absl::StrJoin(attributes, ", ");
}

std::string Title(const Document& document, const Graph& graph) {
  std::vector<std::string> parts;
  for (const SnapshotName& name : document.snapshots) {
    parts.push_back(Escaped(name.file));
  }
  const size_t objects = static_cast<size_t>(std::count_if(
      graph.nodes.begin(), graph.nodes.end(), [](const GraphNode& node) {
        return node.kind != GraphNode::Kind::kRoot;
      }));
  parts.push_back(graph.nodes_left_out == 0
                      ? absl::StrCat("all ", Counted(objects, "object"))
                      : absl::StrCat(Counted(objects, "object"), " of ",
                                     objects + graph.nodes_left_out,
                                     ": the rest is not drawn"));
  return absl::StrJoin(parts, ": ");
}

}  // namespace

std::string RenderDot(const Document& document) {
  static const auto* const nothing = new Graph;
  const auto* graph = std::get_if<Graph>(&document.body);
  if (graph == nullptr) graph = nothing;
  std::string out =
      absl::StrCat("digraph heapline {\n  label=\"", Title(document, *graph),
                   "\";\n  labelloc=t;\n  rankdir=LR;\n"
                   "  node [fontname=\"sans-serif\", fontsize=10];\n"
                   "  edge [fontname=\"sans-serif\", fontsize=9];\n");
  for (size_t i = 0; i < graph->nodes.size(); ++i) {
    absl::StrAppend(&out, "  n", i, " [", NodeText(graph->nodes[i]), "];\n");
  }
  for (const GraphEdge& edge : graph->edges) {
    absl::StrAppend(&out, "  n", edge.from, " -> n", edge.to, " [",
                    EdgeText(edge, graph->nodes[edge.from]), "];\n");
  }
  return out + "}\n";
}

}  // namespace heapline
